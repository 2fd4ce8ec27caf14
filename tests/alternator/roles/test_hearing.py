"""When a worker leaves posts with speech to others."""

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
    LONGEST_SECONDS,
    MOST_POSTS,
    Hearing,
)


@pytest.mark.parametrize("error", [ModelError, ConfigError, SpeechServerAwayError])
def test_what_is_the_engines_is_enough_once(clock: Clock, error: type[AlternatorError]) -> None:
    hearing = Hearing(clock)
    assert hearing.seconds_left == 0
    hearing.failed(error("no GPU"))
    assert hearing.seconds_left == FIRST_SECONDS


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
    assert hearing.seconds_left == 0
    hearing.failed(error("it died"))
    assert hearing.seconds_left == FIRST_SECONDS


def test_what_is_wrong_with_a_file_says_nothing(clock: Clock) -> None:
    hearing = Hearing(clock)
    for _ in range(2 * IN_A_ROW):
        hearing.failed(MediaError("no sound"))
    assert hearing.seconds_left == 0


def test_each_pause_is_longer_until_something_is_heard(clock: Clock) -> None:
    hearing = Hearing(clock)
    pauses = []
    for _ in range(8):
        hearing.failed(ModelError("no GPU"))
        hearing.failed(ModelError("no GPU"))  # of another one that was under way
        pauses.append(hearing.seconds_left)
        clock.now += hearing.seconds_left
    assert pauses[:3] == [FIRST_SECONDS, 2 * FIRST_SECONDS, 4 * FIRST_SECONDS]
    assert pauses[-1] == LONGEST_SECONDS
    hearing.failed(ModelError("no GPU"))
    hearing.heard()
    assert hearing.seconds_left == 0
    hearing.failed(ModelError("no GPU"))
    assert hearing.seconds_left == FIRST_SECONDS


def test_a_post_that_it_failed_at_is_left_to_others_several_times(clock: Clock) -> None:
    hearing = Hearing(clock)
    hearing.ended((1, "4"))  # heard
    assert not hearing.leaves((1, "4"))
    hearing.failed(WorkerError("it died"))
    hearing.ended((1, "5"))
    assert [hearing.leaves((1, "5")) for _ in range(LEFT_TIMES + 1)] == [True] * LEFT_TIMES + [
        False
    ]
    assert not hearing.leaves((2, "5"))
    hearing.ended((1, "5"))  # tried again, in vain
    hearing.heard()
    assert not hearing.leaves((1, "5"))


def test_so_many_posts_are_kept_in_mind_and_no_more(clock: Clock) -> None:
    hearing = Hearing(clock)
    hearing.failed(WorkerError("it died"))
    for number in range(MOST_POSTS + 1):
        hearing.ended((1, str(number)))
    assert not hearing.leaves((1, "0")) and hearing.leaves((1, "1"))
