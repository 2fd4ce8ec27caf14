import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from clock import Clock

from alternator.clock import SYSTEM_CLOCK
from alternator.config.database import DatabaseSettings
from alternator.errors import ConfigError
from alternator.store.interface import AccountState, Store
from alternator.store.opening import bot_is_running, opened, opened_beside
from alternator.store.outcomes import Found
from alternator.store.postgres import time as database_time
from alternator.store.postgres.store import PostgresStore

SERVER = "https://social.example"
Opening = Callable[..., AbstractContextManager[Store]]


@pytest.fixture
def opening(tmp_path: Path, database: DatabaseSettings) -> Opening:
    def open_it(*, shared: bool, clock: Callable[[], float] = SYSTEM_CLOCK.now) -> object:
        return opened(tmp_path, clock=clock, database=database, role="test", shared=shared)

    return open_it  # type: ignore[return-value]


def test_one_has_it_alone_or_several_share_it(
    opening: Opening, tmp_path: Path, database: DatabaseSettings
):
    assert not bot_is_running(tmp_path, database)
    with opening(shared=False):
        assert bot_is_running(tmp_path, database)
        with pytest.raises(ConfigError, match="another bot is at work in the database"):
            opening(shared=False).__enter__()
        with pytest.raises(ConfigError, match="`alternator run` is at work in the database"):
            opening(shared=True).__enter__()
    with opening(shared=True), opening(shared=True):
        assert bot_is_running(tmp_path, database)
        with pytest.raises(ConfigError, match="another bot is at work in the database"):
            opening(shared=False).__enter__()
        with opened_beside(tmp_path, clock=SYSTEM_CLOCK.now, database=database) as beside:
            assert beside.all_accounts() == {}
    assert not bot_is_running(tmp_path, database)


def test_several_processes_need_a_database(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"`alternator bot` shares .* set \[database\] url"):
        opened(tmp_path, clock=SYSTEM_CLOCK.now, role="bot", shared=True).__enter__()


def test_what_another_process_is_at_is_left_to_it(opening: Opening, clock: Clock):
    with opening(shared=True, clock=clock) as first, opening(shared=True, clock=clock) as second:
        state = first.use_account(SERVER, "7")
        state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
        claim = state.claim_of("5")
        assert claim is not None
        assert second.use_account(SERVER, "7").counts() == {"claimed": 1}
    with opening(shared=False, clock=clock) as alone:
        assert alone.use_account(SERVER, "7").counts() == {"waiting": 1}


def test_the_databases_time_is_everybodys(
    database: DatabaseSettings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """On a machine whose clock is five minutes ahead, and on one that is right."""
    ahead = database_time.DatabaseTime

    def five_minutes_ahead(**given: Callable[[], float]) -> database_time.DatabaseTime:
        return ahead(clock=lambda: time.time() + 300, **given)

    monkeypatch.setattr("alternator.store.postgres.store.DatabaseTime", five_minutes_ahead)
    with closing(PostgresStore(database, role="test", shared=True)) as wrong:
        monkeypatch.undo()
        with closing(PostgresStore(database, role="test", shared=True)) as right:
            state = wrong.use_account(SERVER, "7")
            state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
            other = right.use_account(SERVER, "7")
            due = other.next_due()
            assert due is not None and abs(due - time.time()) < 60
            assert other.claim_of("5") is not None
    assert "this machine's clock is 300 s ahead of that of the database" in caplog.text


def test_several_that_claim_at_once_never_take_the_same(database: DatabaseSettings):
    """Each has connections of its own, as a process has: they share the database alone."""
    posts = [str(1000 + number) for number in range(60)]
    taken: list[tuple[str, str]] = []
    met = threading.Barrier(3, timeout=20)

    def take() -> None:
        with closing(PostgresStore(database, role="test", shared=True)) as store:
            state = store.use_account(SERVER, "7")
            met.wait()
            while (claim := state.claim()) is not None:
                taken.extend((claim.status_id, key) for key in claim.attachment_ids)

    with closing(PostgresStore(database, role="test", shared=True)) as store:
        store.use_account(SERVER, "7").record(
            Found(status_id=post, attachment_ids=("1", "2", "3"), backfill=False) for post in posts
        )
    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(taken) == len(set(taken)) == 3 * len(posts)


def test_an_undo_and_a_worker_never_have_the_same_post(database: DatabaseSettings):
    """Whoever comes first has it; both begin at the same moment, many times over."""
    posts = [str(1000 + number) for number in range(40)]
    met = threading.Barrier(2, timeout=20)
    had: dict[str, list[str]] = {post: [] for post in posts}

    def each(name: str, has: Callable[[AccountState, str], bool]) -> None:
        with closing(PostgresStore(database, role="test", shared=True)) as store:
            state = store.use_account(SERVER, "7")
            for post in posts:
                met.wait()
                if has(state, post):
                    had[post].append(name)

    def undoes(state: AccountState, post: str) -> bool:
        return state.history.begin_undo(post, ["2"], alone=False)

    with closing(PostgresStore(database, role="test", shared=True)) as store:
        store.use_account(SERVER, "7").record(
            Found(status_id=post, attachment_ids=("1",), backfill=False) for post in posts
        )
    threads = [
        threading.Thread(target=each, args=("undo", undoes)),
        threading.Thread(
            target=each, args=("worker", lambda state, post: state.claim_of(post) is not None)
        ),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {len(names) for names in had.values()} == {1}
