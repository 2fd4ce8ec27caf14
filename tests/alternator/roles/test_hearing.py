"""When a worker takes posts with speech, and when it leaves them."""

import pytest
from clock import Clock

from alternator.errors import (
    AlternatorError,
    ConfigError,
    MediaError,
    ModelError,
    OutOfMemoryError,
    SpeechServerAwayError,
    UnsupportedError,
    WorkerError,
)
from alternator.roles.hearing import (
    FIRST_SECONDS,
    IN_A_ROW,
    LEFT_TIMES,
    LONGEST_DEAF_SECONDS,
    LONGEST_FAILING_SECONDS,
    MOST_POSTS,
    Hearing,
)

ONE, TWO = (1, "5"), (2, "5")


@pytest.mark.parametrize("error", [ModelError, ConfigError, SpeechServerAwayError])
def test_what_is_the_engines_is_enough_once(clock: Clock, error: type[AlternatorError]) -> None:
    hearing = Hearing(clock)
    assert hearing.takes and hearing.until_probe is None and hearing.why is None
    assert hearing.begins(ONE)
    hearing.failed(error("no GPU"))
    assert not hearing.takes and hearing.until_probe == FIRST_SECONDS
    assert hearing.why == "no GPU" and not hearing.begins(TWO)  # taken before that was known


@pytest.mark.parametrize("error", [WorkerError, OutOfMemoryError, UnsupportedError])
def test_what_may_be_the_files_must_come_several_times_in_a_row(
    clock: Clock, error: type[AlternatorError]
) -> None:
    hearing = Hearing(clock)
    for _ in range(IN_A_ROW - 1):
        hearing.failed(error("it died"))
    hearing.heard()
    for _ in range(IN_A_ROW - 1):
        hearing.failed(error("it died"))
    assert hearing.takes
    hearing.failed(error("it died"))
    assert not hearing.takes


def test_what_is_wrong_with_a_file_says_nothing(clock: Clock) -> None:
    hearing = Hearing(clock)
    for _ in range(2 * IN_A_ROW):
        hearing.failed(MediaError("no sound"))
    assert hearing.takes


def test_each_probe_is_later_up_to_a_minute_until_something_is_heard(clock: Clock) -> None:
    hearing = Hearing(clock)
    hearing.failed(ModelError("no GPU"))
    hearing.failed(ModelError("no GPU"))  # of another one that was under way
    waits = []
    for _ in range(8):
        waits.append(hearing.until_probe or 0.0)
        clock.now += waits[-1]
        assert hearing.until_probe == 0
        hearing.probed(ModelError("no GPU yet"))
    assert waits[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
    assert waits[-1] == LONGEST_DEAF_SECONDS == 60.0
    assert hearing.why == "no GPU yet"
    # A probe that promises too much does not begin anew.
    hearing.probed(None)
    hearing.failed(ModelError("no GPU"))
    assert hearing.until_probe == LONGEST_DEAF_SECONDS
    hearing.probed(None)
    hearing.heard()
    hearing.failed(ModelError("no GPU"))
    assert hearing.until_probe == FIRST_SECONDS


def test_an_engine_that_loads_and_fails_at_each_file_costs_ever_fewer(clock: Clock) -> None:
    hearing = Hearing(clock)
    waits = []
    for _ in range(IN_A_ROW + 8):
        hearing.failed(WorkerError("it died"))
        if (wait := hearing.until_probe) is not None:
            waits.append(wait)
            hearing.probed(None)
    assert waits[:2] == [FIRST_SECONDS, 2 * FIRST_SECONDS] and waits[-1] == LONGEST_FAILING_SECONDS
    # It can't be loaded any more: of that a probe tells, and costs nothing.
    hearing.failed(WorkerError("it died"))
    hearing.probed(ModelError("no GPU"))
    assert hearing.until_probe == LONGEST_DEAF_SECONDS


def test_a_server_that_says_when_is_probed_then(clock: Clock) -> None:
    hearing = Hearing(clock)
    hearing.failed(SpeechServerAwayError("busy", retry_after=30.0))
    assert hearing.until_probe == 30.0
    hearing.probed(SpeechServerAwayError("busy", retry_after=3600.0))
    assert hearing.until_probe == LONGEST_DEAF_SECONDS


def test_after_a_probe_one_post_shows_whether_it_hears(clock: Clock) -> None:
    hearing = Hearing(clock)
    hearing.failed(SpeechServerAwayError("away"))
    hearing.probed(None)
    assert hearing.takes and hearing.why is None
    assert hearing.begins(ONE)
    assert not hearing.takes and not hearing.begins(TWO)
    # It told nothing: its account's server was away, say.
    hearing.ended(ONE)
    assert hearing.takes and hearing.begins(TWO)
    hearing.failed(WorkerError("it died"))  # once is enough now
    assert hearing.why == "it died"
    hearing.probed(None)
    assert hearing.begins(TWO)
    hearing.heard()
    assert hearing.takes and hearing.begins(ONE) and hearing.begins(TWO)


def test_a_post_that_it_failed_at_is_left_to_others_several_times(clock: Clock) -> None:
    hearing = Hearing(clock)
    hearing.ended((1, "4"))  # heard
    assert not hearing.leaves((1, "4"))
    hearing.failed(WorkerError("it died"))
    hearing.ended(ONE)
    assert [hearing.leaves(ONE) for _ in range(LEFT_TIMES + 1)] == [True] * LEFT_TIMES + [False]
    assert not hearing.leaves(TWO)
    hearing.ended(ONE)  # tried again, in vain
    hearing.heard()
    assert not hearing.leaves(ONE)


def test_no_post_is_left_for_what_was_the_engines(clock: Clock) -> None:
    hearing = Hearing(clock)
    hearing.failed(SpeechServerAwayError("away"))
    hearing.ended(ONE)
    hearing.probed(None)
    assert not hearing.leaves(ONE)


def test_so_many_posts_are_kept_in_mind_and_no_more(clock: Clock) -> None:
    hearing = Hearing(clock)
    hearing.failed(WorkerError("it died"))
    for number in range(MOST_POSTS + 1):
        hearing.ended((1, str(number)))
    assert not hearing.leaves((1, "0")) and hearing.leaves((1, "1"))
