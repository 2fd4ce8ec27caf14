import random
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing

from clock import Clock

from alternator.config.database import DatabaseSettings
from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import Claim, Found, Outcome, left_alone
from alternator.store.postgres.store import PostgresStore
from alternator.store.sql.state import SqlAccountState
from alternator.store.sql.store import SqlStore


def really(store: Store, state: AccountState) -> dict[str, int]:
    """The attachments as they are, counted one by one."""
    assert isinstance(store, SqlStore)
    with store._database.reading() as db:
        rows = db.execute("SELECT state FROM attachment WHERE account = ?", (state.key,))
        return dict(Counter(found for (found,) in rows))


def outcomes_of(claim: Claim, chance: random.Random) -> list[Outcome]:
    """Ends of all kinds."""
    made: tuple[Callable[[str], Outcome], ...] = (
        lambda key: Outcome(attachment_id=key, state="described"),
        lambda key: left_alone(key, "nothing is heard in it"),
        lambda key: Outcome(attachment_id=key, state="failed", reason="broken"),
    )
    # A failure is given up after several only.
    return [chance.choices(made, (1, 1, 4))[0](key) for key in claim.attachment_ids]


def test_numbers_are_those_of_the_attachments_whatever_is_done(store: Store, clock: Clock):
    state = store.use_account("https://social.example", "7")
    other = store.use_account("https://social.example", "8")
    other.record([Found(status_id="1", attachment_ids=("1",), backfill=False)])
    assert isinstance(state, SqlAccountState)
    chance = random.Random(5)
    seen: set[str] = set()
    for number in range(400):
        clock.now += 3 * 3600
        post = str(chance.randrange(20))
        both = (f"{post}a", f"{post}b")
        match chance.randrange(40):
            case 0 | 1 | 2 | 3:
                state.record([Found(status_id=post, attachment_ids=both, backfill=False)])
            case 4:
                state.listing.retry(post)
            case 5:
                if state.history.begin_undo(post, both[:1], alone=False):
                    state.history.end_undo(post, both[:1], both[:1] if number % 2 else ())
            case 6:
                state.retry_failed()
            case _:
                claim = state.claim()
                if claim is not None:
                    state.finish(claim, outcomes_of(claim, chance))
        found = state.counts()
        assert found == really(store, state), number
        assert state.listing.number(["described", "left"]) == sum(
            found.get(key, 0) for key in ("described", "left")
        )
        seen |= found.keys()
    assert seen >= {"waiting", "described", "left", "failed"}
    assert other.counts() == {"waiting": 1}


def test_numbers_hold_where_several_work_for_an_account_at_once(database: DatabaseSettings):
    """In different orders, so that any two that locked a common row would meet."""
    posts = [str(number) for number in range(120)]
    with closing(PostgresStore(database, role="test", shared=True)) as store:
        state = store.use_account("https://social.example", "7")
        state.record(Found(status_id=post, attachment_ids=("a",), backfill=False) for post in posts)
        errors: list[BaseException] = []

        def work(seed: int) -> None:
            own, chance = store.of_account(state.key), random.Random(seed)
            try:
                for post in chance.sample(posts, len(posts)):
                    claim = own.claim_of(post)
                    if claim is not None:
                        own.finish(claim, [left_alone("a", "nothing is heard in it")])
                    own.listing.retry(chance.choice(posts))
            except BaseException as error:  # noqa: BLE001 - the test looks at it
                errors.append(error)

        threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert errors == []
        assert state.counts() == really(store, state)
        with store.database.plain() as connection:
            row = connection.execute("SELECT count(*), max(id) FROM tally").fetchone()
        assert row is not None
        rows, ever = row
        assert ever > 200 and rows < ever / 2  # what was put together is one row
