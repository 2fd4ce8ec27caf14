"""What a transcription yields, and its form in openai-whisper's own dictionary.

That dictionary is what ``--output_format json`` writes: nothing that Whisper said about a segment
is lost on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word; ``start`` and ``end`` in seconds, ``probability`` from 0 to 1.

    ``text`` keeps the space before the word and the punctuation around it. ``probability`` is None
    where the engine tells none. ``confidence`` as Transcript.confidence, ``speaker`` as
    Segment.speaker.
    """

    start: float
    end: float
    text: str
    probability: float | None
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Decoding:
    """How Whisper came to a segment: what a person needs to judge how far to trust it.

    ``seek`` is the start of the decoded window in frames of 10 ms, ``avg_logprob`` the mean log
    probability of a token, ``no_speech_prob`` from 0 to 1.
    """

    seek: int
    tokens: tuple[int, ...]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of speech; ``start`` and ``end`` in seconds.

    ``text`` is as Whisper gives it, mostly with a space in front; ``words`` is None unless word
    timestamps were asked for. ``confidence`` as Transcript.confidence. ``speaker`` is who says it
    (``SPEAKER_00``), None unless that was asked for.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] | None = None
    decoding: Decoding | None = None
    confidence: float | None = None
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """A whole transcript.

    ``text`` is stripped, and '' where there is no speech; ``language`` is Whisper's code for what
    was spoken, '' where there was nothing to hear and none was given; ``duration`` is the length
    of the audio in seconds. ``language_probability`` from 0 to 1 where the language was detected.

    ``confidence`` from 0 to 1: the share of words like these that are right, as far as it could be
    measured (docs/transcription.md); None where the engine gives none or there are no words.
    ``notes`` are lines about the sound that its listener should know: it was cut off, say.
    ``model`` names what made it where that is not the configured model: a server's.
    """

    text: str
    language: str
    duration: float
    segments: tuple[Segment, ...]
    language_probability: float | None = None
    confidence: float | None = None
    notes: tuple[str, ...] = ()
    model: str | None = None


class WhisperWord(TypedDict):
    """A word in the dictionary that ``whisper.transcribe`` returns, with whisperX's key of who says
    it; what is not required is missing where it was not told, or not asked for."""

    word: str
    start: float
    end: float
    probability: NotRequired[float]
    speaker: NotRequired[str]


class WhisperSegment(TypedDict):
    """A segment of it; what is not required is missing where another engine made it."""

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


def _segment_to_whisper(number: int, segment: Segment) -> WhisperSegment:
    decoding = segment.decoding
    entry: WhisperSegment
    if decoding is None:
        entry = {"id": number, "start": segment.start, "end": segment.end, "text": segment.text}
    else:
        entry = {
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
