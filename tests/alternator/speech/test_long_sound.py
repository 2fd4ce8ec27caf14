"""Work on long files apart from that on short ones."""

import functools
import threading

import pytest

from alternator.errors import MediaError
from alternator.media.audio import GoOn
from alternator.speech.long_sound import (
    LONG_SECONDS,
    LongSoundError,
    ShortAndLong,
    check_short,
)


@pytest.mark.parametrize("seconds", [0.0, 1.0, LONG_SECONDS])
def test_short_goes_on(seconds: float) -> None:
    check_short(seconds)


def test_long_does_not() -> None:
    with pytest.raises(LongSoundError):
        check_short(LONG_SECONDS + 1)


def test_a_long_one_begins_anew_in_a_thread_of_its_own() -> None:
    threads = ShortAndLong("test")
    done = threading.Event()
    tries: list[str] = []

    def long(go_on: GoOn) -> str:
        tries.append(threading.current_thread().name)
        go_on(2 * LONG_SECONDS)
        assert done.wait(60)
        return "long"

    def short(go_on: GoOn) -> str:
        go_on(1.0)
        return "short"

    first, second = threads.submit(long), threads.submit(short)
    assert second.result(60) == "short"
    assert not first.done()
    done.set()
    assert first.result(60) == "long"
    assert len(set(tries)) == 2


def test_what_went_wrong_is_told_in_either_thread() -> None:
    threads = ShortAndLong("test")

    def fails(seconds: float, go_on: GoOn) -> None:
        go_on(seconds)
        raise MediaError(f"{seconds:.0f} s are no sound")

    for seconds in (1.0, 2 * LONG_SECONDS):
        with pytest.raises(MediaError, match=f"{seconds:.0f} s"):
            threads.submit(functools.partial(fails, seconds)).result(60)
