"""Reads what a server answers: ``verbose_json`` with segments and words, or a text alone.

https://platform.openai.com/docs/api-reference/audio/verbose-json-object. Servers leave out what
they have not got, and some put words into the segments.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alternator.speech.engines.openai_api.words import with_words
from alternator.speech.languages import code_of
from alternator.speech.transcript import Decoding, Segment, Word

FRAMES_PER_SECOND = 100  # of Decoding.seek


class NoReplyError(ValueError):
    """It is no answer of such a server."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What was heard in a piece; times count from the beginning of all.

    ``timed``: the server told when. ``language`` is Whisper's code, '' where it was not told.
    """

    segments: tuple[Segment, ...]
    language: str
    timed: bool
    confidence: float | None = None


@dataclass(frozen=True, kw_only=True)
class _Within:
    """A piece: where it begins, and how long it is, in seconds."""

    start: float
    seconds: float

    def time(self, told: float) -> float:
        """A time in it, as one of the whole."""
        return self.start + min(max(told, 0.0), self.seconds)


def read_reply(answer: object, *, start: float, seconds: float, words: bool) -> Reply:
    """The reply in an answer about a piece that begins at ``start``. NoReplyError if it is none.

    ``words``: they were asked for.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("text"), str):
        raise NoReplyError
    within = _Within(start=start, seconds=seconds)
    text = answer["text"].strip()
    entries = _mappings(answer.get("segments"))
    segments = tuple(
        found for entry in entries if (found := _segment(entry, within, words)) is not None
    )
    timed = bool(segments) or not text
    if not segments and text:
        segments = (Segment(start=start, end=start + seconds, text=f" {text}"),)
    if words and not any(segment.words for segment in segments):
        told = tuple(_words(answer.get("words"), within))
        segments = with_words(segments, told) if told else segments
    language = answer.get("language")
    return Reply(
        segments=segments,
        language=(code_of(language) or "") if isinstance(language, str) else "",
        timed=timed,
        confidence=_share(answer.get("confidence")),
    )


def _segment(entry: Mapping[str, object], within: _Within, words: bool) -> Segment | None:
    start, end, text = _number(entry.get("start")), _number(entry.get("end")), entry.get("text")
    if start is None or end is None or not isinstance(text, str):
        return None
    own = tuple(_words(entry.get("words"), within)) if words else ()
    return Segment(
        start=within.time(start),
        end=max(within.time(start), within.time(end)),
        text=text,
        words=own or None,
        decoding=_decoding(entry, within),
        confidence=_share(entry.get("confidence")),
    )


def _decoding(entry: Mapping[str, object], within: _Within) -> Decoding | None:
    """All of it, or none."""
    seek, temperature = _number(entry.get("seek")), _number(entry.get("temperature"))
    logprob, ratio = _number(entry.get("avg_logprob")), _number(entry.get("compression_ratio"))
    silence, tokens = _number(entry.get("no_speech_prob")), entry.get("tokens")
    if seek is None or temperature is None or logprob is None or ratio is None or silence is None:
        return None
    if not isinstance(tokens, list) or not all(type(token) is int for token in tokens):
        return None
    return Decoding(
        seek=int(seek) + round(within.start * FRAMES_PER_SECOND),
        tokens=tuple(tokens),
        temperature=temperature,
        avg_logprob=logprob,
        compression_ratio=ratio,
        no_speech_prob=silence,
    )


def _words(told: object, within: _Within) -> Sequence[Word]:
    found = []
    for entry in _mappings(told):
        start, end, text = _number(entry.get("start")), _number(entry.get("end")), entry.get("word")
        if start is None or end is None or not isinstance(text, str) or not text.strip():
            continue
        found.append(
            Word(
                start=within.time(start),
                end=max(within.time(start), within.time(end)),
                text=text,
                probability=_share(entry.get("probability")),
                confidence=_share(entry.get("confidence")),
            )
        )
    return found


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def _share(value: object) -> float | None:
    """A number from 0 to 1."""
    number = _number(value)
    return number if number is not None and 0 <= number <= 1 else None
