from alternator.errors import ServerError, TemporaryServerError
from alternator.outage import LONGEST_RATE_LIMIT_SECONDS, back_off


def test_waits_grow_to_a_minute_unless_the_server_names_one():
    failed = TemporaryServerError("down")
    assert [0.5 * 2**n <= back_off(n + 1, failed) <= 2**n for n in range(5)] == [True] * 5
    assert 30 <= back_off(100, failed) <= 60
    assert back_off(1, TemporaryServerError("busy", retry_after=7)) == 7
    assert back_off(1, ServerError("rejected")) == 60


def test_no_reset_of_a_rate_limit_is_believed_for_longer_than_an_hour():
    in_milliseconds = TemporaryServerError("busy", retry_after=1.8e12)
    assert back_off(1, in_milliseconds) == LONGEST_RATE_LIMIT_SECONDS == 3600
