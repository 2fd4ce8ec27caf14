from alternator.store.outcomes import (
    CONFIRM_SECONDS,
    DEFERRED_SECONDS,
    EDIT_FAILED_SECONDS,
    GIVE_UP_SECONDS,
    LONGEST_WAIT_SECONDS,
    PUT_BACK_SECONDS,
    RETRY_SECONDS,
    Claim,
    History,
    by_age,
    left_alone,
    put_back_seconds,
    to_retry,
    wait_after_interruption,
)


def history(
    attempts: int = 1, tried_for: float = 0.0, said_for: float | None = None, deferred: int = 0
) -> History:
    return History(attempts=attempts, tried_for=tried_for, said_for=said_for, deferred=deferred)


def test_a_failure_is_tried_again_as_often_as_there_are_waits():
    failed = to_retry("1", "busy")
    waits = [
        failed.wait_after(history(attempts, tried_for=sum(RETRY_SECONDS[: attempts - 1])))
        for attempts in range(1, len(RETRY_SECONDS) + 2)
    ]
    assert waits == [*RETRY_SECONDS, None]
    assert to_retry("1", "busy", retry_after=7.0).wait_after(history()) == 7.0
    assert left_alone("1", "too large").wait_after(history()) is None


def test_attempts_that_are_used_up_within_minutes_give_nothing_up():
    failed = to_retry("1", "its author is at it", retry_after=30.0)
    attempts, tried_for = 1, 0.0
    while (wait := failed.wait_after(history(attempts, tried_for))) is not None:
        attempts, tried_for = attempts + 1, tried_for + wait
    assert GIVE_UP_SECONDS <= tried_for <= 2 * GIVE_UP_SECONDS
    assert attempts < 20


def test_what_one_answer_says_is_asked_for_once_more():
    unsure = left_alone("1", "the post was deleted", sure=False)
    assert unsure.wait_after(history()) == CONFIRM_SECONDS
    assert unsure.wait_after(history(said_for=CONFIRM_SECONDS - 1)) == 1
    assert unsure.wait_after(history(said_for=CONFIRM_SECONDS)) is None
    assert left_alone("1", "the post was deleted").wait_after(history(said_for=1)) is None


def test_somebody_elses_failure_uses_up_no_attempt_and_waits_an_hour_at_most():
    down = to_retry("1", "the endpoint is down", counts=False)
    assert not down.uses_attempt
    waits = [down.wait_after(history(99, 1e9, deferred=times)) for times in range(6)]
    assert waits == [*DEFERRED_SECONDS, DEFERRED_SECONDS[-1], DEFERRED_SECONDS[-1]]
    asked = to_retry("1", "it asks to wait", retry_after=600.0, counts=False)
    assert asked.wait_after(history()) == 600
    asked = to_retry("1", "it asks to wait", retry_after=86_400.0, counts=False)
    assert asked.wait_after(history()) == 3600


def test_no_wait_that_is_asked_for_is_longer_than_the_longest():
    asked = to_retry("1", "busy", retry_after=1e9)
    assert asked.wait_after(history()) == LONGEST_WAIT_SECONDS


def test_an_interruption_waits_for_longer_each_time_but_the_first():
    waits: list[float] = []
    tried_for = 0.0
    while (wait := wait_after_interruption(len(waits) + 1, tried_for)) is not None:
        waits.append(wait)
        tried_for += wait
    assert waits == [0, 0, *RETRY_SECONDS]
    # Six within a minute are no reason to give it up.
    assert wait_after_interruption(len(RETRY_SECONDS) + 1, 60.0) is not None


def test_a_post_is_put_back_for_longer_each_time_up_to_the_longest():
    waits = [put_back_seconds(times) for times in range(1, len(PUT_BACK_SECONDS) + 2)]
    assert waits == [*PUT_BACK_SECONDS, PUT_BACK_SECONDS[-1]]
    longer = [put_back_seconds(times, edit_failed=True) for times in range(1, 8)]
    assert longer == [*PUT_BACK_SECONDS, *EDIT_FAILED_SECONDS, EDIT_FAILED_SECONDS[-1]]


def test_ids_are_sorted_by_age():
    assert sorted(["10", "9", "01H", "100"], key=by_age) == ["9", "10", "01H", "100"]


def test_claims_of_the_same_work_are_equal():
    def claim(taken_at: float) -> Claim:
        return Claim(status_id="5", attachment_ids=("51",), backfill=False, taken_at=taken_at)

    assert claim(1.0) == claim(2.0)
    assert hash(claim(1.0)) == hash(claim(2.0))
