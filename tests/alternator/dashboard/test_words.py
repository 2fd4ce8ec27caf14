import pytest

from alternator.dashboard.words import ago, duration, iso, moment


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0 s"),
        (1.26, "1.3 s"),
        (12.4, "12 s"),
        (60, "1 min"),
        (75, "1.2 min"),
        (5400, "1.5 h"),
        (36_000, "10 h"),
        (90_000, "1 d"),
    ],
)
def test_a_duration_is_in_the_unit_that_suits_it(seconds: float, words: str):
    assert duration(seconds) == words


def test_a_time_in_words():
    assert moment(0) == "01 Jan 1970, 00:00 UTC"
    assert iso(0) == "1970-01-01T00:00:00+00:00"
    assert [ago(at, 1000) for at in (1000, 940, 1300)] == ["now", "1 min ago", "in 5 min"]
