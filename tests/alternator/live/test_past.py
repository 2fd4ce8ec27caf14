"""What was said before a window: how much of it is told, and in whose times."""

import io
import wave
from array import array
from dataclasses import replace

import pytest

from alternator.live.past import LEAD_SECONDS, Past
from alternator.live.sound import PAST_SECONDS, Sound
from alternator.speech.transcript import Decoding, Segment

RATE = 16000


def stream(seconds: float) -> Sound:
    """Sound whose samples count the tenths of a second from its beginning."""
    found = Sound(RATE)
    for tenth in range(round(seconds * 10)):
        found.append(array("h", [tenth] * (RATE // 10)).tobytes())
    return found


def said(start: float, end: float, text: str = " words", temperature: float = 0.0) -> Segment:
    decoding = Decoding(
        seek=0,
        tokens=(),
        temperature=temperature,
        avg_logprob=-0.2,
        compression_ratio=1.0,
        no_speech_prob=0.0,
    )
    return Segment(start=start, end=end, text=text, decoding=decoding)


def samples(wav: bytes) -> "array[int]":
    with wave.open(io.BytesIO(wav)) as file:
        assert file.getframerate() == RATE
        return array("h", file.readframes(file.getnframes()))


def past_of(*segments: Segment) -> Past:
    found = Past()
    for one in segments:
        found.add([one])
    return found


def test_all_of_it_is_one_segment_in_the_times_of_its_file() -> None:
    sound = stream(12)
    sound.drop(8)
    past = Past()
    past.add([said(1.0, 2.0, " One."), said(2.0, 3.0, " Two.")])
    past.add([said(4.0, 7.5, " Three.")])
    before = past.before(sound, 3.0, 15.0)
    assert before is not None
    assert before.seconds == pytest.approx(7.0 + LEAD_SECONDS)
    assert before.said.text == " One. Two. Three."
    assert before.said.start == pytest.approx(LEAD_SECONDS)
    assert before.said.end == pytest.approx(7.5 - 1.0 + LEAD_SECONDS)
    heard = samples(before.wav)
    assert len(heard) == pytest.approx((before.seconds + 3.0) * RATE)
    assert (heard[0], heard[-1]) == (6, 109)  # from 0.6 s to 11 s of the stream


def test_no_more_than_may_be_and_no_half_of_a_text() -> None:
    sound = stream(12)
    sound.drop(8)
    past = past_of(said(1.0, 3.0, " One."), said(4.0, 7.5, " Two."))
    for most, text in ((8.0, " One. Two."), (6.9, " Two."), (4.0, " Two.")):
        before = past.before(sound, 3.0, most)
        assert before is not None and before.said.text == text
    assert past.before(sound, 3.0, 3.9) is None
    # With the window it is no longer than what Whisper hears at once.
    assert past.before(sound, 24.5, 15.0) is None


def test_nothing_of_what_was_said_before_a_long_pause() -> None:
    sound = stream(12)
    sound.drop(10)
    past = past_of(said(0.0, 2.0, " One."), said(5.1, 7.5, " Two."))
    before = past.before(sound, 2.0, 15.0)
    assert before is not None and before.said.text == " Two."
    sound.drop(1)
    assert past.before(sound, 1.0, 15.0) is None


@pytest.mark.parametrize("bad", [said(4, 6, temperature=0.4), said(4, 6, text=" ...!")])
def test_what_may_be_wrong_leads_nobody_astray(bad: Segment) -> None:
    sound = stream(12)
    sound.drop(8)
    past = past_of(said(1, 3, " One."), bad)
    assert past.before(sound, 2.0, 15.0) is None
    past.add([said(6, 7.5, " Three.")])
    before = past.before(sound, 2.0, 15.0)
    assert before is not None and before.said.text == " Three."


def test_an_engine_that_tells_nothing_of_its_decoding_is_believed() -> None:
    sound = stream(12)
    sound.drop(8)
    assert past_of(replace(said(4, 6), decoding=None)).before(sound, 2.0, 15.0) is not None


def test_what_is_not_kept_any_more_is_not_told() -> None:
    sound = stream(60)
    sound.drop(50)
    assert sound.kept == PAST_SECONDS
    past = past_of(said(29.0, 40.0, " One."), said(40.0, 49.0, " Two."))
    before = past.before(sound, 5.0, 60.0)
    assert before is not None and before.said.text == " Two."


def test_nothing_once_it_is_forgotten() -> None:
    sound = stream(12)
    sound.drop(8)
    past = past_of(said(4, 6))
    past.clear()
    assert past.before(sound, 2.0, 15.0) is None
