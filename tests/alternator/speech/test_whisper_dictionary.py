"""openai-whisper's dictionary is read once, and what is none is refused."""

import json
from typing import Any

import pytest

from alternator.speech.transcript import Segment, Transcript
from alternator.speech.whisper_dictionary import from_whisper, to_whisper

WORD = {"word": " Late.", "start": 0, "end": 1.5, "probability": 0.5}
SEGMENT = {
    "id": 0,
    "seek": 0,
    "start": 0,  # a whole number: the first word begins with the sound
    "end": 1.5,
    "text": " Late.",
    "tokens": [1],
    "temperature": 0.0,
    "avg_logprob": -0.5,
    "compression_ratio": 0.5,
    "no_speech_prob": 0.25,
    "words": [WORD],
}


def test_it_comes_back_byte_for_byte() -> None:
    numpy = pytest.importorskip("numpy")
    words = [WORD | {"probability": numpy.float64(0.5)}]
    result = {"text": " Late.", "segments": [{**SEGMENT, "words": words}], "language": "en"}
    transcript = from_whisper(result, duration=2.0)
    assert json.dumps(to_whisper(transcript)) == json.dumps(result)
    word = transcript.segments[0].words
    assert word is not None and type(word[0].probability) is float


@pytest.mark.parametrize(
    "change",
    [
        {"start": "0"},
        {"text": None},
        {"tokens": ["a"]},
        {"tokens": 1},
        {"words": ["Late"]},
        {"seek": 0.5},
    ],
)
def test_what_is_no_such_dictionary(change: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        from_whisper({"segments": [SEGMENT | change], "language": "en"}, duration=2.0)


def test_a_segment_of_another_engine_has_only_what_it_knows() -> None:
    transcript = Transcript(
        text="Late.",
        language="en",
        duration=2.0,
        segments=(Segment(start=0.0, end=1.5, text=" Late."),),
    )
    assert to_whisper(transcript) == {
        "text": " Late.",
        "segments": [{"id": 0, "start": 0.0, "end": 1.5, "text": " Late."}],
        "language": "en",
    }
