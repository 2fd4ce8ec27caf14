"""Transcripts in OpenAI's forms, as its own types read them."""

import json

from openai.types.audio import Transcription, TranscriptionVerbose

from alternator.serve.answers import answer, verbose_answer
from alternator.serve.fields import Wanted, wanted_of
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Decoding, Segment, Transcript, Word

DECODING = Decoding(
    seek=0,
    tokens=(1, 2),
    temperature=0.2,
    avg_logprob=-0.5,
    compression_ratio=1.5,
    no_speech_prob=0.1,
)
WORD = Word(start=0.5, end=1, text=" Grüße.", probability=0.9, confidence=0.8)
TRANSCRIPT = Transcript(
    text="Grüße.",
    language="de",
    duration=1.25,
    segments=(
        Segment(start=0, end=1, text=" Grüße.", words=(WORD,), decoding=DECODING, confidence=0.7),
    ),
    language_probability=0.9,
    confidence=0.6,
    notes=("it was cut off",),
)


def wanted(*granularities: str, **fields: str) -> Wanted:
    given: dict[str, tuple[str, ...]] = {name: (value,) for name, value in fields.items()}
    if granularities:
        given["timestamp_granularities"] = granularities
    return wanted_of(given, "transcribe", DecodingOptions())


def test_json() -> None:
    found = answer(TRANSCRIPT, wanted())
    assert found.media_type == "application/json"
    assert found.body == '{"text": "Grüße.", "usage": {"type": "duration", "seconds": 2}}'
    Transcription.model_validate_json(found.body, strict=True)


def test_verbose_json_whole() -> None:
    found = answer(TRANSCRIPT, wanted("word", "segment", response_format="verbose_json"))
    TranscriptionVerbose.model_validate_json(found.body, strict=True)
    assert json.loads(found.body) == {
        "task": "transcribe",
        "language": "german",
        "duration": 1.25,
        "text": "Grüße.",
        "usage": {"type": "duration", "seconds": 2},
        "segments": [
            {
                "id": 0,
                "seek": 0,
                "start": 0,
                "end": 1,
                "text": " Grüße.",
                "tokens": [1, 2],
                "temperature": 0.2,
                "avg_logprob": -0.5,
                "compression_ratio": 1.5,
                "no_speech_prob": 0.1,
            }
        ],
        "words": [{"word": "Grüße.", "start": 0.5, "end": 1}],
    }


def test_confidence_is_told_who_asks() -> None:
    asked = wanted("word", "segment", response_format="verbose_json", include="confidence")
    found = verbose_answer(TRANSCRIPT, asked)
    assert (found["confidence"], found["language_probability"]) == (0.6, 0.9)
    assert (found["segments"][0]["confidence"], found["words"][0]["confidence"]) == (0.7, 0.8)
    assert found["notes"] == ["it was cut off"]


def test_what_an_engine_does_not_tell_is_left_out() -> None:
    bare = Transcript(
        text="a", language="", duration=1, segments=(Segment(start=0, end=1, text="a"),)
    )
    found = verbose_answer(bare, wanted(response_format="verbose_json"))
    assert found["segments"] == [{"id": 0, "start": 0, "end": 1, "text": "a"}]
    assert found["language"] == ""


def test_lines() -> None:
    assert answer(TRANSCRIPT, wanted(response_format="text")).body == "Grüße.\n"
    srt = answer(TRANSCRIPT, wanted(response_format="srt"))
    assert srt.body == "1\n00:00:00,500 --> 00:00:01,000\nGrüße.\n\n"
    vtt = answer(TRANSCRIPT, wanted(response_format="vtt"))
    assert vtt.body == "WEBVTT\n\n00:00.500 --> 00:01.000\nGrüße.\n\n"
    assert srt.media_type == vtt.media_type == "text/plain; charset=utf-8"
