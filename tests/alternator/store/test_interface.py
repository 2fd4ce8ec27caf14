"""What every home of the store must do."""

from dataclasses import replace

import pytest
from clock import Clock

from alternator.store.interface import AccountState, Store
from alternator.store.outcomes import (
    CONFIRM_SECONDS,
    DEFERRED_SECONDS,
    PUT_BACK_SECONDS,
    RETRY_SECONDS,
    Claim,
    Cursors,
    Found,
    Outcome,
    left_alone,
    to_retry,
)


@pytest.fixture
def state(store: Store) -> AccountState:
    return store.use_account("https://social.example", "7")


def found(status_id: str, *attachment_ids: str, backfill: bool = False) -> Found:
    return Found(status_id=status_id, attachment_ids=attachment_ids, backfill=backfill)


def claimed(state: AccountState, *, backfill: bool = True) -> Claim:
    claim = state.claim(backfill=backfill)
    assert claim is not None
    return claim


def described(*attachment_ids: str) -> list[Outcome]:
    return [Outcome(attachment_id=key, state="described") for key in attachment_ids]


def edited_another(state: AccountState) -> None:
    """Another post of the account is edited, which succeeds."""
    state.record([found("9", "91")])
    claim = claimed(state)
    state.finish(claim, described(*claim.attachment_ids))


FAILED = Outcome(attachment_id="51", state="failed", reason="busy")


def test_an_attachment_is_worked_on_once(state: AccountState):
    assert state.record([found("5", "51", "52")]) == ("5", "5")
    claim = claimed(state)
    assert (claim.status_id, set(claim.attachment_ids)) == ("5", {"51", "52"})
    assert state.claim() is None
    state.finish(claim, described("51", "52"))
    assert state.record([found("5", "51", "52")]) == ()
    assert state.claim() is None
    assert state.counts() == {"described": 2}


def test_new_posts_go_before_backfill_and_the_newest_first(state: AccountState):
    state.record([found("99", "1", backfill=True), found("100", "2", backfill=True)])
    state.record([found("8", "3"), found("9", "4")])
    order = [claimed(state).status_id for _ in range(4)]
    assert order == ["9", "8", "100", "99"]


def test_backfill_can_be_held_back(state: AccountState):
    state.record([found("9", "1", backfill=True)])
    assert state.claim(backfill=False) is None
    assert claimed(state, backfill=True).backfill


def test_a_failure_is_tried_again_later_each_time_and_then_given_up(
    state: AccountState, clock: Clock
):
    state.record([found("5", "51")])
    for wait in RETRY_SECONDS:
        (again,) = state.finish(claimed(state), [FAILED])
        assert again.retry_after == wait
        assert state.next_due() == clock.now + wait
        clock.now += wait - 1
        assert state.claim() is None
        clock.now += 1
    assert state.finish(claimed(state), [FAILED]) == []
    assert state.counts() == {"failed": 1}
    assert state.next_due() is None


def test_a_failure_may_name_its_own_wait(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    outcome = Outcome(attachment_id="51", state="failed", retry_after=7.0)
    state.finish(claimed(state), [outcome])
    assert state.next_due() == clock.now + 7


def test_what_was_given_up_can_be_tried_again(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    for wait in (*RETRY_SECONDS, 0):
        state.finish(claimed(state), [FAILED])
        clock.now += wait
    assert state.claim() is None
    assert state.retry_failed() == 1
    assert claimed(state).status_id == "5"


def test_a_released_claim_has_not_counted(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    for _ in range(20):
        state.release(claimed(state), wait=3.0)
        assert state.claim() is None
        clock.now += 3
    assert len(state.finish(claimed(state), [FAILED])) == 1


def test_releasing_leaves_what_is_written_down_alone(state: AccountState):
    state.record([found("5", "51")])
    claim = claimed(state)
    state.finish(claim, described("51"))
    state.release(claim)
    assert state.counts() == {"described": 1}


def test_what_is_put_back_waits_longer_each_time(state: AccountState, clock: Clock):
    state.record([found("5", "51", "52")])
    for wait in (*PUT_BACK_SECONDS, PUT_BACK_SECONDS[-1]):
        assert state.put_back(claimed(state)) == wait
        assert state.next_due() == clock.now + wait
        clock.now += wait
    # It has not counted as an attempt, and what comes of it ends the row.
    assert len(state.finish(claimed(state), [FAILED])) == 1
    clock.now += RETRY_SECONDS[0]
    assert state.put_back(claimed(state)) == PUT_BACK_SECONDS[0]


def test_once_the_server_answers_what_was_put_back_is_due(state: AccountState, clock: Clock):
    state.record([found("5", "51"), found("6", "61"), found("7", "71")])
    state.put_back(claimed(state))
    state.release(claimed(state), wait=60.0)
    held = claimed(state)
    state.put_back(held)
    state.make_due()
    assert [claimed(state).status_id for _ in range(2)] == ["7", "5"]
    # That one waits for something else than the server.
    assert state.next_due() == clock.now + 60


def test_a_post_that_is_being_worked_on_begins_anew_after_an_outage(
    state: AccountState, clock: Clock
):
    state.record([found("5", "51")])
    state.put_back(claimed(state))
    clock.now += PUT_BACK_SECONDS[0]
    claim = claimed(state)
    state.make_due()
    assert state.put_back(claim) == PUT_BACK_SECONDS[0]


def test_a_write_that_is_repeated_changes_nothing(state: AccountState, clock: Clock):
    state.record([found("5", "51")], cursor="5", floor="1")
    assert state.record([found("5", "51")], cursor="5", floor="1") == ()
    first = claimed(state)
    assert [outcome.retry_after for outcome in state.finish(first, [FAILED])] == [60.0]
    due = state.next_due()
    clock.now += 10
    assert state.finish(first, [FAILED]) == []
    state.release(first)
    state.put_back(first)
    assert state.next_due() == due
    clock.now += 50
    second = claimed(state)
    assert second == first  # the same work, and yet another claim
    state.finish(first, described("51"))
    state.release(first)
    assert state.counts() == {"claimed": 1}
    state.put_back(second)
    due = state.next_due()
    clock.now += 1
    state.put_back(second)
    assert state.next_due() == due


def test_the_cursor_never_goes_back(state: AccountState):
    for cursor in ("9", "100", "10"):
        state.record([], cursor=cursor)
    assert state.cursors() == Cursors(newest="100", floor=None)


def test_when_a_post_was_met_is_known(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    met = clock.now
    clock.now += 5
    state.record([found("5", "52")])
    assert state.found_at(claimed(state)) == met


def test_accounts_do_not_see_each_other(store: Store):
    first = store.use_account("https://social.example", "7")
    first.record([found("5", "51")], cursor="5", floor="1")
    second = store.use_account("https://social.example", "8")
    assert second.claim() is None
    assert second.cursors() == Cursors(newest=None, floor=None)
    assert store.knows_server("https://social.example")
    assert not store.knows_server("https://other.example")
    # Taking up the second has not disturbed the first.
    assert first.cursors() == Cursors(newest="5", floor="1")
    assert claimed(first).status_id == "5"
    assert second.counts() == {}


def left(*, sure: bool) -> list[Outcome]:
    return [left_alone("51", "the post was deleted", sure=sure)]


def test_what_one_answer_says_is_final_when_it_is_said_again_later(
    state: AccountState, clock: Clock
):
    state.record([found("5", "51")])
    for _ in range(2):
        (again,) = state.finish(claimed(state), left(sure=False))
        assert (again.reason, again.retry_after) == ("the post was deleted", CONFIRM_SECONDS)
        assert state.next_due() == clock.now + CONFIRM_SECONDS
        assert state.counts() == {"waiting": 1}
        clock.now += CONFIRM_SECONDS
        # Another outcome in between: what was said before is forgotten.
        state.finish(claimed(state), [to_retry("51", "busy", retry_after=1.0)])
        clock.now += 1
    state.finish(claimed(state), left(sure=False))
    clock.now += CONFIRM_SECONDS
    assert state.finish(claimed(state), left(sure=False)) == []
    assert state.counts() == {"left": 1}


def test_asking_once_more_uses_up_no_attempt(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    for _ in range(20):
        state.finish(claimed(state), left(sure=False))
        clock.now += CONFIRM_SECONDS
        (again,) = state.finish(claimed(state), [to_retry("51", "down", counts=False)])
        clock.now += again.retry_after or 0.0
    (again,) = state.finish(claimed(state), [FAILED])
    assert again.retry_after == RETRY_SECONDS[0]


def test_what_waits_to_be_said_again_survives_an_outage(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    state.finish(claimed(state), left(sure=False))
    clock.now += CONFIRM_SECONDS
    state.put_back(claimed(state))
    state.make_due()
    assert state.finish(claimed(state), left(sure=False)) == []
    assert state.counts() == {"left": 1}


def test_somebody_elses_failure_never_gives_anything_up(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    waits = []
    for _ in range(50):
        (again,) = state.finish(claimed(state), [to_retry("51", "down", counts=False)])
        waits.append(again.retry_after)
        clock.now += again.retry_after or 0.0
    assert tuple(waits[: len(DEFERRED_SECONDS)]) == DEFERRED_SECONDS
    assert waits[-1] == 3600
    # One of its own is the first, and after it the waits begin anew.
    (again,) = state.finish(claimed(state), [FAILED])
    assert again.retry_after == RETRY_SECONDS[0]
    clock.now += RETRY_SECONDS[0]
    (again,) = state.finish(claimed(state), [to_retry("51", "down", counts=False)])
    assert again.retry_after == DEFERRED_SECONDS[0]


def test_an_edit_that_fails_while_all_others_do_is_never_given_up(
    state: AccountState, clock: Clock
):
    edited_another(state)
    state.record([found("5", "51")])
    waits = []
    for _ in range(50):
        wait = state.put_back(claimed(state), edit_failed=True)
        assert wait is not None
        waits.append(wait)
        clock.now += wait
    assert waits[:4] == list(PUT_BACK_SECONDS)
    assert waits[-1] == 3600
    assert state.counts() == {"waiting": 1, "described": 1}


def test_what_was_edited_before_does_not_tell_that_edits_succeed(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    state.put_back(claimed(state), edit_failed=True)
    state.record([found("9", "91")])
    state.finish(claimed(state), [Outcome(attachment_id="91", state="described", earlier=True)])
    clock.now += PUT_BACK_SECONDS[0]
    assert state.put_back(claimed(state), edit_failed=True) == PUT_BACK_SECONDS[1]


def test_when_somebody_elses_failure_is_over_nothing_waits_for_it(
    state: AccountState, clock: Clock
):
    down = to_retry("51", "down", counts=False)
    state.record([found("5", "51"), found("4", "41"), found("3", "31")])
    for _ in DEFERRED_SECONDS:
        state.finish(claimed(state), [down])
        state.finish(claimed(state), [to_retry("41", "busy", retry_after=3600.0)])
        state.put_back(claimed(state))
        clock.now += 3600.0
    state.finish(claimed(state), [down])
    state.finish(claimed(state), [to_retry("41", "busy", retry_after=3600.0)])
    state.put_back(claimed(state))
    assert state.make_deferred_due(speech=True) == 0  # it has none
    assert state.make_deferred_due() == 1
    assert state.make_deferred_due() == 0
    claim = claimed(state)
    assert claim.attachment_ids == ("51",)
    assert state.claim() is None
    # It was not over: the waits go on as they were.
    (again,) = state.finish(claim, [down])
    assert again.retry_after == DEFERRED_SECONDS[-1]


def test_an_edit_that_fails_while_others_succeed_is_given_up(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    assert state.put_back(claimed(state), edit_failed=True) == PUT_BACK_SECONDS[0]
    edited_another(state)
    clock.now += PUT_BACK_SECONDS[0]
    for wait in RETRY_SECONDS:
        claim = claimed(state)
        assert state.put_back(claim, edit_failed=True) == wait
        state.make_due()  # an outage that ends makes due what waits for it, and no more
        assert state.next_due() == clock.now + wait
        clock.now += wait
    assert state.put_back(claimed(state), edit_failed=True) is None
    assert state.counts() == {"failed": 1, "described": 1}
    assert state.retry_failed() == 1
    # From the beginning: the others' edits from before say nothing of this one's.
    assert state.put_back(claimed(state), edit_failed=True) == PUT_BACK_SECONDS[0]


def test_an_edit_that_fails_and_then_succeeds_is_forgotten(state: AccountState, clock: Clock):
    state.record([found("5", "51")])
    state.put_back(claimed(state), edit_failed=True)
    edited_another(state)
    clock.now += PUT_BACK_SECONDS[0]
    state.finish(claimed(state), [to_retry("51", "busy", retry_after=1.0)])
    clock.now += 1
    assert state.put_back(claimed(state), edit_failed=True) == PUT_BACK_SECONDS[0]


def test_old_posts_are_taken_on_up_to_the_limit_and_never_more(state: AccountState):
    assert state.admit_old([], 2) == frozenset()
    assert state.admit_old(["9", "8", "7"], 2) == {"9", "8"}
    assert state.admit_old(["9", "8", "7"], 2) == {"9", "8"}
    assert state.admit_old(["7", "6"], 2) == frozenset()
    assert state.admit_old(["10", "8"], 2) == {"8"}
    # A higher limit takes on more, a lower one puts none out.
    assert state.admit_old(["10", "9", "7"], 3) == {"10", "9"}
    assert state.admit_old(["10", "9", "8", "7"], 0) == {"10", "9", "8"}


def test_an_answer_with_no_posts_uses_up_none_of_the_limit(state: AccountState):
    assert state.admit_old([], 1) == frozenset()
    assert state.admit_old(["9", "9", "8"], 1) == {"9"}


def test_the_first_start_is_told_by_the_servers_clock_and_stays(store: Store, clock: Clock):
    account = ("https://social.example", "7")
    assert store.use_account(*account, server_time=123.5).first_start() == 123.5
    clock.now += 100
    assert store.use_account(*account, server_time=456.0).first_start() == 123.5
    assert store.use_account("https://social.example", "8").first_start() == clock.now


def test_an_account_is_halted_until_somebody_says_otherwise(store: Store):
    first = store.use_account("https://social.example", "7")
    other = store.use_account("https://social.example", "8")
    assert first.halted() is None
    first.halt("post 5 lost its text")
    first.halt("post 6 lost its text")
    assert first.halted() == "post 5 lost its text"
    assert other.halted() is None
    again = store.use_account("https://social.example", "7")
    assert again.halted() == "post 5 lost its text"
    again.resume()
    assert again.halted() is None
    assert store.use_account("https://social.example", "7").halted() is None


def test_two_claims_of_one_moment_are_two(state: AccountState):
    state.record([found("5", "51")])
    first = claimed(state)
    state.release(first)
    second = claimed(state)
    state.release(first)
    assert state.counts() == {"claimed": 1}
    state.finish(second, described("51"))
    assert state.counts() == {"described": 1}


def with_speech(status_id: str, *attachment_ids: str, speech: tuple[str, ...]) -> Found:
    return replace(found(status_id, *attachment_ids), speech=speech)


def test_a_post_that_is_transcribed_can_be_left_out_as_a_whole(state: AccountState):
    state.record([with_speech("6", "61", "62", speech=("62",)), found("5", "51")])
    picture = state.claim(speech=False)
    assert picture is not None
    assert (picture.status_id, picture.speech) == ("5", False)
    assert state.claim(speech=False) is None
    both = claimed(state)
    assert (set(both.attachment_ids), both.speech) == ({"61", "62"}, True)


def test_what_is_transcribed_holds_a_post_up_only_while_it_is_due(state: AccountState):
    state.record([with_speech("5", "51", "52", speech=("52",))])
    sound = to_retry("52", "busy", retry_after=60.0)
    state.finish(claimed(state), [to_retry("51", "busy", retry_after=0.0), sound])
    picture = state.claim(speech=False)
    assert picture is not None
    assert (picture.attachment_ids, picture.speech) == (("51",), False)


def test_what_turns_out_to_be_transcribed_is_known_from_then_on(state: AccountState):
    state.record([found("5", "51", "52")])
    claim = state.claim(speech=False)
    assert claim is not None
    state.release(claim, speech=("52",))
    assert state.claim(speech=False) is None
    again = claimed(state)
    assert (again, again.speech) == (claim, True)
    state.release(claim, speech=("51",))  # it is over, and changes nothing
    assert state.counts() == {"claimed": 2}
