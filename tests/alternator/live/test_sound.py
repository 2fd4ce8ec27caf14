"""The window of a stream: its length, its cuts, where it is quiet."""

import io
import wave
from array import array

import pytest

from alternator.live.sound import PAST_SECONDS, Sound, level


def tone(seconds: float, amplitude: int, rate: int = 16000) -> bytes:
    half = 20  # samples: 400 Hz at 16 kHz
    count = round(seconds * rate)
    return array(
        "h", [amplitude if at // half % 2 else -amplitude for at in range(count)]
    ).tobytes()


def sound(*parts: tuple[float, int], rate: int = 16000) -> Sound:
    found = Sound(rate)
    for seconds, amplitude in parts:
        found.append(tone(seconds, amplitude, rate))
    return found


@pytest.mark.parametrize("rate", [16000, 24000])
def test_a_pause_is_where_it_becomes_quiet_for_long_enough(rate: int) -> None:
    window = sound((1, 8000), (0.3, 100), (1, 8000), (0.6, 100), (1, 8000), (0.6, 0), rate=rate)
    assert window.seconds == pytest.approx(4.5)
    assert window.pause(0, 0.5, 4.5) == pytest.approx(2.3)
    assert window.pause(0, 0.25, 4.5) == pytest.approx(1.0)
    assert window.pause(2.35, 0.5, 4.5) == pytest.approx(3.9)
    assert window.pause(0, 0.5, 2.7) is None  # 0.4 s of it only
    assert window.pause(3.95, 0.5, 4.5) is None


def test_a_pause_goes_on_where_the_last_one_ended() -> None:
    window = sound((1, 8000), (1.3, 100))
    assert window.pause(0, 0.5, 2.3) == pytest.approx(1.0)
    assert window.pause(1.5, 0.5, 2.3) == pytest.approx(1.5)
    assert window.pause(1.6, 0.5, 2.3) is None
    assert window.pause(2.0, 0.5, 2.3) is None  # once, not for as long as it is quiet


def test_quiet_is_less_than_a_tenth_of_the_loudest_so_far() -> None:
    assert sound((1, 1000), (1, 101)).pause(0, 0.5, 2) is None
    assert sound((1, 1000), (1, 99)).pause(0, 0.5, 2) == pytest.approx(1.0)
    # What comes later changes nothing: the same is found however fast the sound comes.
    assert sound((1, 1000), (1, 500), (1, 30000)).pause(0, 0.5, 3) is None
    assert sound((2, 0)).pause(0, 0.5, 2) is None  # nothing was loud before


def test_samples_in_halves_are_put_together() -> None:
    window, whole = Sound(16000), tone(1, 5000)
    for at in range(0, len(whole), 333):
        window.append(whole[at : at + 333])
    assert window.seconds == 1
    with wave.open(io.BytesIO(window.wav(0.0, 1.0))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
        assert file.readframes(16000) == whole


def test_dropping_moves_the_beginning_by_whole_frames() -> None:
    window = sound((1, 100), (1, 5000))
    window.drop(0.99)
    assert window.start == pytest.approx(0.95)
    assert window.seconds == pytest.approx(1.05)
    window.drop_all()
    assert (window.start, window.seconds) == (pytest.approx(2.0), 0)
    window.append(tone(0.5, 5000))
    window.drop(9)
    assert (window.start, window.seconds) == (pytest.approx(2.5), 0)


def test_the_quietest_place_between_two_times() -> None:
    window = sound((4, 3000), (0.2, 500), (4, 3000), (0.2, 100), (4, 3000))
    assert window.quietest(2, 8) == pytest.approx(4.1, abs=0.06)
    assert window.quietest(2, 12) == pytest.approx(8.3, abs=0.06)


def test_silent_is_nothing_but_zeros() -> None:
    assert sound((1.01, 0)).silent
    assert not sound((1, 0), (0.01, 1)).silent
    assert not sound((1, 1), (1, 0)).silent


def test_level_is_the_mean_amplitude() -> None:
    assert level(tone(0.05, 1234)) == 1234
    assert level(b"\x00\x80" * 800) == 32768


def test_a_gap_is_the_longest_quiet_near_a_time() -> None:
    window = sound((2, 5000), (0.1, 0), (0.3, 5000), (0.3, 0), (1, 5000), (1, 0))
    assert window.gap(2.2, 0.6, 0.2) == pytest.approx(2.55)
    assert window.gap(2.2, 0.6, 0.35) is None
    assert window.gap(1.0, 0.6, 0.2) is None
    assert window.gap(9.0, 0.6, 0.2) is None
    assert Sound(16000).gap(0.0, 0.6, 0.2) is None


def test_somebody_rests_while_the_end_is_quiet() -> None:
    window = sound((1, 5000), (0.1, 0))
    assert not window.rests(0.15)
    window.append(bytes(1600 * 2))
    assert window.rests(0.15)
    assert not sound((1, 5000), (0.3, 0), (0.05, 5000)).rests(0.15)
    assert not sound((1, 0)).rests(0.15)  # nobody has spoken yet
    assert not Sound(16000).rests(0.15)


def test_a_breath_is_a_quiet_between_loud_stretches() -> None:
    window = sound((1, 5000), (0.3, 100), (1, 5000), (0.4, 100), (1, 5000), (0.4, 100))
    assert window.breath(0, 9, 0.3) == pytest.approx(1.15)
    assert window.breath(1.1, 9, 0.3) == pytest.approx(2.5)
    assert window.breath(0, 9, 0.35) == pytest.approx(2.5)
    assert window.breath(1.1, 2.0, 0.3) is None
    assert window.breath(2.4, 9, 0.3) is None  # nothing follows yet
    assert sound((1, 0), (1, 5000)).breath(0, 9, 0.3) is None  # nothing was loud before


def test_the_last_of_what_was_dropped_is_kept() -> None:
    window = Sound(1000)
    whole = array("h", [at % 30_000 for at in range(30_000)]).tobytes()
    window.append(whole)
    window.drop(4)
    assert window.kept == 4
    assert pcm(window.wav(-4, 1)) == whole[: 2 * 5000]
    assert pcm(window.wav(-1, -0.5)) == whole[2 * 3000 : 2 * 3500]
    window.drop(21)
    assert window.kept == PAST_SECONDS == 20
    assert pcm(window.wav(-20, 5)) == whole[2 * 5000 :]
    window.drop_all()
    assert window.kept == 0


def pcm(wav: bytes) -> bytes:
    with wave.open(io.BytesIO(wav)) as file:
        return file.readframes(file.getnframes())
