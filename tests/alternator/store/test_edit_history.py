"""What every home of the history must do."""

from dataclasses import replace

import pytest
from clock import Clock
from homes import Home

from alternator.store import edit_history
from alternator.store.edit_history import HOLD_SECONDS, EditHistory, PastEdit, Writing
from alternator.store.interface import AccountState, Store
from alternator.store.opening import STATE_FILE
from alternator.store.outcomes import Found

SERVER = "https://social.example"


@pytest.fixture
def state(store: Store) -> AccountState:
    return store.use_account(SERVER, "7")


def writing(key: str, text: str = "A boat", before: str | None = None) -> Writing:
    return Writing(attachment_id=key, kind="image", before=before, text=text, attribution="by x")


def outcomes(history: EditHistory) -> list[tuple[str, str, str]]:
    return [
        (entry.status_id, entry.writing.attachment_id, entry.outcome) for entry in history.entries()
    ]


def test_an_entry_is_kept_as_it_was_given(state: AccountState, clock: Clock):
    sent = clock.now
    state.history.sending("5", [writing("51"), writing("52", before="")])
    clock.now += 3
    state.history.written("5", ["51"], edited_at=1234.5)
    second, first = state.history.entries()
    assert first == PastEdit(
        status_id="5",
        writing=writing("51"),
        outcome="written",
        reason="",
        sent_at=sent,
        changed_at=sent + 3,
        edited_at=1234.5,
    )
    # None and an empty text are told apart, and the post's time of edit is all its entries'.
    assert (second.writing.before, second.outcome, second.edited_at) == ("", "sent", 1234.5)


def test_what_is_sent_again_takes_the_place_of_its_entry(state: AccountState):
    for text in ("A boat", "A ship"):
        state.history.sending("5", [writing("51", text)])
        state.history.refused("5", ["51"], "HTTP 500")
    state.history.sending("5", [writing("51", "A ferry")])
    (entry,) = state.history.entries(status_id="5")
    assert (entry.writing.text, entry.outcome, entry.reason) == ("A ferry", "sent", "")


def test_the_newest_are_kept(state: AccountState, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alternator.store.sql.history.MOST_KEPT", 3)
    monkeypatch.setattr("alternator.store.sql.history.DROPPED_EVERY", 5)
    for number in range(5):
        assert len(state.history.entries()) == number  # nothing is dropped in between
        state.history.sending(str(number), [writing(f"{number}1")])
    assert [entry.status_id for entry in state.history.entries()] == ["4", "3", "2"]
    assert [entry.status_id for entry in state.history.entries(count=1)] == ["4"]
    assert edit_history.MOST_KEPT == 10_000


def test_accounts_have_histories_of_their_own(store: Store, state: AccountState):
    state.history.sending("5", [writing("51")])
    other = store.use_account(SERVER, "8")
    assert other.history.entries() == []
    assert list(store.known_accounts(SERVER)) == ["7", "8"]
    assert store.known_accounts("https://other.example") == {}


def test_an_undo_keeps_the_bot_from_the_post_and_from_the_attachment_for_good(
    state: AccountState,
):
    state.record([Found(status_id="5", attachment_ids=("51", "52"), backfill=False)])
    state.history.sending("5", [writing("51")])
    state.history.written("5", ["51"], edited_at=1.0)
    assert state.history.begin_undo("5", ["51"], alone=False)
    assert state.claim() is None
    assert state.history.is_busy("5")
    assert not state.history.begin_undo("5", ["51"], alone=True)
    state.history.end_undo("5", ["51"], ["51"], edited_at=2.0)
    claim = state.claim()
    assert claim is not None
    assert claim.attachment_ids == ("52",)
    (entry,) = state.history.entries()
    assert (entry.outcome, entry.edited_at) == ("undone", 2.0)
    assert state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)]) == ()
    assert state.retry_failed() == 0
    # What is written anew has an entry of its own beside it.
    state.history.sending("5", [writing("51", "A ship")])
    assert outcomes(state.history) == [("5", "51", "sent"), ("5", "51", "undone")]


def test_an_undo_that_fails_leaves_all_as_it_was(state: AccountState):
    state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
    state.history.sending("5", [writing("51")])
    state.history.written("5", ["51"], edited_at=1.0)
    assert state.history.begin_undo("5", ["51"], alone=False)
    assert state.counts() == {"left": 1}
    state.history.end_undo("5", ["51"], [])
    assert state.counts() == {"described": 1}
    assert outcomes(state.history) == [("5", "51", "written")]
    assert state.history.entries()[0].edited_at == 1.0


def test_a_bot_at_work_is_not_met(state: AccountState):
    state.record([Found(status_id="5", attachment_ids=("51", "52"), backfill=False)])
    claim = state.claim()
    assert claim is not None
    assert state.history.is_busy("5") and not state.history.is_busy("6")
    assert not state.history.begin_undo("5", ["51"], alone=False)
    assert state.counts() == {"claimed": 2}
    # Where no bot is running, the claim is what a crash left.
    assert state.history.begin_undo("5", ["51"], alone=True)
    assert state.counts() == {"claimed": 1, "left": 1}
    # The other one's end changes nothing of what is left alone.
    state.release(claim)
    assert state.counts() == {"waiting": 1, "left": 1}


def test_an_undo_that_was_killed_lets_go_of_the_post(state: AccountState, clock: Clock):
    state.record([Found(status_id="5", attachment_ids=("51", "52"), backfill=False)])
    assert state.history.begin_undo("5", ["51"], alone=True)
    clock.now += HOLD_SECONDS - 1
    assert state.claim() is None
    clock.now += 2
    assert state.claim() is not None
    assert state.counts() == {"claimed": 1, "left": 1}


@pytest.mark.parametrize("by_bot", [True, False])
def test_a_start_lets_go_of_what_a_killed_bot_held_and_of_nothing_else(
    store: Store, state: AccountState, by_bot: bool
):
    """An undo that is typed may be at work while the bot starts."""
    assert state.history.begin_undo("5", ["51"], alone=False, by_bot=by_bot)
    assert store.use_account(SERVER, "7").history.is_busy("5") is not by_bot
    assert store.use_account(SERVER, "8").history.begin_undo("5", ["51"], alone=False)


@pytest.mark.parametrize("by_bot", [True, False])
def test_where_no_bot_is_running_what_one_held_is_left_over(state: AccountState, by_bot: bool):
    assert state.history.begin_undo("5", ["51"], alone=False, by_bot=by_bot)
    assert not state.history.begin_undo("5", ["51"], alone=False)
    assert state.history.begin_undo("5", ["51"], alone=True) is by_bot


def test_what_a_text_takes_the_place_of_is_kept_with_it(state: AccountState):
    new = replace(writing("51", "A ship"), replaces="A boat")
    state.history.sending("5", [new])
    assert state.history.entries()[0].writing == new


def test_a_clock_that_was_wrong_holds_no_post(state: AccountState, clock: Clock):
    state.record([Found(status_id="5", attachment_ids=("51", "52"), backfill=False)])
    clock.now += 10 * 86400
    assert state.history.begin_undo("5", ["51"], alone=True)
    clock.now += -10 * 86400
    assert state.claim() is not None


def test_what_another_process_holds_by_a_clock_a_little_ahead_is_held(
    state: AccountState, clock: Clock
):
    state.record([Found(status_id="5", attachment_ids=("51", "52"), backfill=False)])
    clock.now += 2
    assert state.history.begin_undo("5", ["51"], alone=True)
    clock.now -= 2
    assert state.claim() is None and state.claim_of("5") is None
    assert state.history.is_busy("5")


def test_an_attachment_that_nobody_met_is_left_alone_too(state: AccountState):
    assert state.history.begin_undo("5", ["51"], alone=True)
    state.history.end_undo("5", ["51"], ["51"])
    assert state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)]) == ()
    assert state.counts() == {"left": 1}


def test_another_process_sees_it(home: Home, clock: Clock):
    with home.opened(clock) as store:
        state = store.use_account(SERVER, "7")
        state.record([Found(status_id="5", attachment_ids=("51",), backfill=False)])
        assert state.claim() is not None
        with home.beside(clock) as beside:
            other = beside.known_accounts(SERVER)["7"]
            assert other.counts() == {"claimed": 1}
            state.history.sending("5", [writing("51")])
            assert outcomes(other.history) == [("5", "51", "sent")]
            assert not other.history.begin_undo("5", ["51"], alone=False)
    if home.database.url is None:
        assert (home.directory / STATE_FILE).stat().st_mode & 0o777 == 0o600
