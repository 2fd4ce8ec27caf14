"""A transcript in each of OpenAI's forms.

https://github.com/openai/openai-python/blob/main/src/openai/types/audio/transcription_verbose.py,
``transcription_segment.py``, ``transcription_word.py``, ``transcription.py``,
``translation_verbose.py``. ``task`` is in no type there, and in every answer of whisper-1
(https://platform.openai.com/docs/api-reference/audio/verbose-json-object).
"""

import json
import math
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict, assert_never, cast

from alternator.config.models import Task
from alternator.serve import diarization
from alternator.serve.fields import Wanted
from alternator.speech.formats import Layout, srt, vtt
from alternator.speech.languages import languages
from alternator.speech.transcript import Segment, Transcript, Word
from alternator.speech.whisper_dictionary import SegmentFields, segment_fields

JSON = "application/json"
PLAIN = "text/plain; charset=utf-8"


class Usage(TypedDict):
    """What is counted: seconds of sound, whole ones as OpenAI counts them."""

    type: Literal["duration"]
    seconds: int


class JsonAnswer(TypedDict):
    """``json``."""

    text: str
    usage: Usage


class WordAnswer(TypedDict):
    """A word of ``verbose_json``; times in seconds."""

    word: str
    start: float
    end: float
    confidence: NotRequired[float | None]


class SegmentAnswer(SegmentFields):
    """A segment of ``verbose_json``, with its ``confidence`` if that was asked for."""

    confidence: NotRequired[float | None]


class VerboseAnswer(TypedDict):
    """``verbose_json``; the last three only where they were asked for, by a word of ours."""

    task: Task
    language: str
    duration: float
    text: str
    segments: NotRequired[list[SegmentAnswer]]
    words: NotRequired[list[WordAnswer]]
    usage: Usage
    confidence: NotRequired[float | None]
    language_probability: NotRequired[float | None]
    notes: NotRequired[list[str]]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent: the body, and what it is."""

    body: str
    media_type: str


def answer(transcript: Transcript, wanted: Wanted) -> Answer:
    """The transcript as it was asked for."""
    match wanted.format:
        case "json":
            body = json.dumps(json_answer(transcript), ensure_ascii=False)
            return Answer(body=body, media_type=JSON)
        case "verbose_json":
            body = json.dumps(verbose_answer(transcript, wanted), ensure_ascii=False)
            return Answer(body=body, media_type=JSON)
        case "diarized_json":
            return Answer(body=diarization.body(transcript), media_type=JSON)
        case "text":
            return Answer(body=f"{transcript.text}\n", media_type=PLAIN)
        case "srt":
            return Answer(body=srt(transcript, Layout()), media_type=PLAIN)
        case "vtt":
            return Answer(body=vtt(transcript, Layout()), media_type=PLAIN)
        case _:
            assert_never(wanted.format)


def usage(transcript: Transcript) -> Usage:
    """The seconds of sound that were heard."""
    return {"type": "duration", "seconds": math.ceil(transcript.duration)}


def json_answer(transcript: Transcript) -> JsonAnswer:
    """The text alone."""
    return {"text": transcript.text, "usage": usage(transcript)}


def verbose_answer(transcript: Transcript, wanted: Wanted) -> VerboseAnswer:
    """Everything that OpenAI tells. ``language`` is an English name in small letters, as there:
    the one spoken, and of a translation English."""
    spoken = "en" if wanted.task == "translate" else transcript.language
    found: VerboseAnswer = {
        "task": wanted.task,
        "language": languages().get(spoken, spoken),
        "duration": transcript.duration,
        "text": transcript.text,
        "usage": usage(transcript),
    }
    if "segment" in wanted.granularities:
        found["segments"] = [
            segment_answer(number, segment, wanted)
            for number, segment in enumerate(transcript.segments)
        ]
    if "word" in wanted.granularities:
        found["words"] = [
            word_answer(word, wanted)
            for segment in transcript.segments
            for word in segment.words or ()
        ]
    if wanted.confidence:
        found["confidence"] = transcript.confidence
        found["language_probability"] = transcript.language_probability
        found["notes"] = list(transcript.notes)
    return found


def segment_answer(number: int, segment: Segment, wanted: Wanted) -> SegmentAnswer:
    """One segment."""
    found = cast(SegmentAnswer, segment_fields(number, segment))  # a new one, for keys to come
    if wanted.confidence:
        found["confidence"] = segment.confidence
    return found


def word_answer(word: Word, wanted: Wanted) -> WordAnswer:
    """One word, without the space before it, as OpenAI tells it."""
    found: WordAnswer = {"word": word.text.strip(), "start": word.start, "end": word.end}
    if wanted.confidence:
        found["confidence"] = word.confidence
    return found
