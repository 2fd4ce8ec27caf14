"""A transcript in the form of openai-whisper's own dictionary, and back.

That dictionary is what ``--output_format json`` writes: nothing that Whisper said about a segment
is lost on the way.
"""

from collections.abc import Mapping
from typing import NotRequired, TypedDict, cast

from alternator.speech.transcript import Decoding, Segment, Transcript, Word


class WhisperWord(TypedDict):
    """A word in the dictionary that ``whisper.transcribe`` returns, with whisperX's key of who says
    it; what is not required is missing where it was not told, or not asked for."""

    word: str
    start: float
    end: float
    probability: NotRequired[float]
    speaker: NotRequired[str]


class SegmentFields(TypedDict):
    """What is told of a segment, in openai-whisper's order; what is not required is missing where
    another engine made it."""

    id: int
    seek: NotRequired[int]
    start: float
    end: float
    text: str
    tokens: NotRequired[list[int]]
    temperature: NotRequired[float]
    avg_logprob: NotRequired[float]
    compression_ratio: NotRequired[float]
    no_speech_prob: NotRequired[float]


class WhisperSegment(SegmentFields):
    """A segment of it, with words and whisperX's key of who speaks where they were asked for."""

    words: NotRequired[list[WhisperWord]]
    speaker: NotRequired[str]


class WhisperResult(TypedDict):
    """The whole of it."""

    text: str
    segments: list[WhisperSegment]
    language: str


def from_whisper(result: Mapping[str, object], duration: float) -> Transcript:
    """The transcript in the dictionary that ``whisper.transcribe`` returned.

    ``duration`` of the sound, in seconds. TypeError or KeyError if it is no such dictionary.
    """
    segments = tuple(segment_from_whisper(_mapping(entry)) for entry in _items(result, "segments"))
    return Transcript(
        text="".join(segment.text for segment in segments).strip(),
        language=_text(result, "language"),
        duration=duration,
        segments=segments,
    )


def segment_from_whisper(entry: Mapping[str, object]) -> Segment:
    """One of its segments; errors as from_whisper."""
    return Segment(
        start=_number(entry, "start"),
        end=_number(entry, "end"),
        text=_text(entry, "text"),
        words=_words(entry) if "words" in entry else None,
        decoding=Decoding(
            seek=_whole(entry["seek"]),
            tokens=tuple(_whole(token) for token in _items(entry, "tokens")),
            temperature=_number(entry, "temperature"),
            avg_logprob=_number(entry, "avg_logprob"),
            compression_ratio=_number(entry, "compression_ratio"),
            no_speech_prob=_number(entry, "no_speech_prob"),
        ),
    )


def to_whisper(transcript: Transcript) -> WhisperResult:
    """The dictionary that ``whisper.transcribe`` would have returned, in its order of keys."""
    return {
        "text": "".join(segment.text for segment in transcript.segments),
        "segments": [
            _segment_to_whisper(number, segment)
            for number, segment in enumerate(transcript.segments)
        ],
        "language": transcript.language,
    }


def segment_fields(number: int, segment: Segment) -> SegmentFields:
    """What is told of the segment with that number, whoever is told."""
    decoding = segment.decoding
    if decoding is None:
        return {"id": number, "start": segment.start, "end": segment.end, "text": segment.text}
    return {
        "id": number,
        "seek": decoding.seek,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "tokens": list(decoding.tokens),
        "temperature": decoding.temperature,
        "avg_logprob": decoding.avg_logprob,
        "compression_ratio": decoding.compression_ratio,
        "no_speech_prob": decoding.no_speech_prob,
    }


def _segment_to_whisper(number: int, segment: Segment) -> WhisperSegment:
    entry = cast(WhisperSegment, segment_fields(number, segment))  # a new one, for keys to come
    if segment.words is not None:
        entry["words"] = [_word_to_whisper(word) for word in segment.words]
    if segment.speaker is not None:
        entry["speaker"] = segment.speaker
    return entry


def _word_to_whisper(word: Word) -> WhisperWord:
    entry: WhisperWord = {"word": word.text, "start": word.start, "end": word.end}
    if word.probability is not None:
        entry["probability"] = word.probability
    if word.speaker is not None:
        entry["speaker"] = word.speaker
    return entry


def _words(entry: Mapping[str, object]) -> tuple[Word, ...]:
    return tuple(
        Word(
            start=_number(word, "start"),
            end=_number(word, "end"),
            text=_text(word, "word"),
            probability=_number(word, "probability"),
        )
        for word in map(_mapping, _items(entry, "words"))
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is no dictionary")
    return value


def _items(entry: Mapping[str, object], key: str) -> list[object]:
    value = entry[key]
    if not isinstance(value, list):
        raise TypeError(f"{key} is no list but {value!r}")
    return value


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text but {value!r}")
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"{value!r} is no whole number")
    return value


def _number(entry: Mapping[str, object], key: str) -> float:
    """A whole number stays one: Whisper says 0 where a word begins with the sound, and 0.0 would
    be other JSON. numpy's float64 is a float, and becomes a plain one."""
    value = entry[key]
    if isinstance(value, int):
        return value
    if not isinstance(value, float):
        raise TypeError(f"{key} is no number but {value!r}")
    return float(value)
