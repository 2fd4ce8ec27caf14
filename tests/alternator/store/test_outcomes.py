from alternator.store.outcomes import (
    PUT_BACK_SECONDS,
    RETRY_SECONDS,
    Claim,
    by_age,
    left_alone,
    put_back_seconds,
    to_retry,
)


def test_a_failure_is_tried_again_as_often_as_there_are_waits():
    failed = to_retry("1", "busy")
    waits = [failed.wait_after(attempts) for attempts in range(1, len(RETRY_SECONDS) + 2)]
    assert waits == [*RETRY_SECONDS, None]
    assert to_retry("1", "busy", retry_after=7.0).wait_after(1) == 7.0
    assert left_alone("1", "too large").wait_after(1) is None


def test_a_post_is_put_back_for_longer_each_time_up_to_the_longest():
    waits = [put_back_seconds(times) for times in range(1, len(PUT_BACK_SECONDS) + 2)]
    assert waits == [*PUT_BACK_SECONDS, PUT_BACK_SECONDS[-1]]


def test_ids_are_sorted_by_age():
    assert sorted(["10", "9", "01H", "100"], key=by_age) == ["9", "10", "01H", "100"]


def test_claims_of_the_same_work_are_equal():
    def claim(taken_at: float) -> Claim:
        return Claim(status_id="5", attachment_ids=("51",), backfill=False, taken_at=taken_at)

    assert claim(1.0) == claim(2.0)
    assert hash(claim(1.0)) == hash(claim(2.0))
