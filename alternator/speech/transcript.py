"""What a transcription yields, and its form in openai-whisper's own dictionary.

That dictionary is also how a transcript travels from the worker, and what ``--output_format json``
writes: nothing that Whisper said about a segment is lost on the way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Word:
    """One word; ``start`` and ``end`` in seconds, ``probability`` from 0 to 1.

    ``text`` keeps the space before the word and the punctuation around it.
    """

    start: float
    end: float
    text: str
    probability: float


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
    timestamps were asked for.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] | None = None
    decoding: Decoding | None = None


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """A whole transcript.

    ``text`` is stripped, and '' where there is no speech; ``language`` is Whisper's code for what
    was spoken, '' where there was nothing to hear and none was given; ``duration`` is the length
    of the audio in seconds.
    """

    text: str
    language: str
    duration: float
    segments: tuple[Segment, ...]


def from_whisper(result: Mapping[str, Any], duration: float) -> Transcript:
    """The transcript in the dictionary that ``whisper.transcribe`` returns."""
    segments = tuple(_segment(segment) for segment in result["segments"])
    return Transcript(
        text="".join(segment.text for segment in segments).strip(),
        language=result["language"],
        duration=duration,
        segments=segments,
    )


def to_whisper(transcript: Transcript) -> dict[str, Any]:
    """The dictionary that ``whisper.transcribe`` would have returned, in its order of keys."""
    return {
        "text": "".join(segment.text for segment in transcript.segments),
        "segments": [
            _segment_dictionary(number, segment)
            for number, segment in enumerate(transcript.segments)
        ],
        "language": transcript.language,
    }


def _segment(entry: Mapping[str, Any]) -> Segment:
    words = entry.get("words")
    return Segment(
        start=float(entry["start"]),
        end=float(entry["end"]),
        text=entry["text"],
        words=None if words is None else tuple(_word(word) for word in words),
        decoding=Decoding(
            seek=int(entry["seek"]),
            tokens=tuple(int(token) for token in entry["tokens"]),
            temperature=float(entry["temperature"]),
            avg_logprob=float(entry["avg_logprob"]),
            compression_ratio=float(entry["compression_ratio"]),
            no_speech_prob=float(entry["no_speech_prob"]),
        ),
    )


def _word(entry: Mapping[str, Any]) -> Word:
    return Word(
        start=float(entry["start"]),
        end=float(entry["end"]),
        text=entry["word"],
        probability=float(entry["probability"]),
    )


def _segment_dictionary(number: int, segment: Segment) -> dict[str, Any]:
    entry: dict[str, Any] = {"id": number}
    decoding = segment.decoding
    if decoding is not None:
        entry["seek"] = decoding.seek
    entry |= {"start": segment.start, "end": segment.end, "text": segment.text}
    if decoding is not None:
        entry |= {
            "tokens": list(decoding.tokens),
            "temperature": decoding.temperature,
            "avg_logprob": decoding.avg_logprob,
            "compression_ratio": decoding.compression_ratio,
            "no_speech_prob": decoding.no_speech_prob,
        }
    if segment.words is not None:
        entry["words"] = [
            {
                "word": word.text,
                "start": word.start,
                "end": word.end,
                "probability": word.probability,
            }
            for word in segment.words
        ]
    return entry
