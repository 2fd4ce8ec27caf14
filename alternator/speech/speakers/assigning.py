"""Gives the words of a transcript to those who speak: by the time that they share with a turn."""

import bisect
import dataclasses
import itertools
from collections.abc import Sequence

from alternator.speech.speakers.turn import Turn, label
from alternator.speech.transcript import Segment, Transcript, Word

NOBODY = (
    "no voice was found in it that could be told from others, so its words are given to no speaker"
)


def with_speakers(transcript: Transcript, turns: Sequence[Turn], *, words: bool) -> Transcript:
    """The transcript with a speaker for each segment and word.

    A segment is cut where its words change from one speaker to another; each part has the decoding
    of the whole. Without word times a segment goes to whoever speaks most of it. What nobody was
    heard to say goes to the speaker nearest in time; without any turns there is nobody, and a note.

    ``turns`` in their order, without overlap. ``words``: whether their times were asked for; if
    not, they are dropped, having served.
    """
    spoken = tuple(segment for segment in transcript.segments if segment.text.strip())
    if not turns:
        segments = tuple(_kept(segment, words=words) for segment in transcript.segments)
        notes = (*transcript.notes, NOBODY) if spoken else transcript.notes
        return dataclasses.replace(transcript, segments=segments, notes=notes)
    who = _Who(turns)
    segments = tuple(
        _kept(part, words=words) for segment in transcript.segments for part in _cut(segment, who)
    )
    return dataclasses.replace(transcript, segments=segments)


def _cut(segment: Segment, who: "_Who") -> list[Segment]:
    """The segment, or its parts where several speak."""
    if not segment.words:
        speaker = who.speaks(segment.start, segment.end) if segment.text.strip() else None
        return [dataclasses.replace(segment, speaker=speaker)]
    said = [
        dataclasses.replace(word, speaker=who.speaks(word.start, word.end))
        for word in segment.words
    ]
    runs = [list(run) for _, run in itertools.groupby(said, key=lambda word: word.speaker)]
    if len(runs) == 1:
        return [dataclasses.replace(segment, words=tuple(said), speaker=said[0].speaker)]
    parts = [_part(segment, run) for run in runs]
    # The ends of the segment stay where they were: a caption may begin before its first word.
    parts[0] = dataclasses.replace(parts[0], start=min(segment.start, parts[0].start))
    parts[-1] = dataclasses.replace(parts[-1], end=max(segment.end, parts[-1].end))
    return parts


def _part(segment: Segment, run: Sequence[Word]) -> Segment:
    sure = [word.confidence for word in run if word.confidence is not None]
    return dataclasses.replace(
        segment,
        start=run[0].start,
        end=run[-1].end,
        text="".join(word.text for word in run),
        words=tuple(run),
        confidence=sum(sure) / len(sure) if sure else segment.confidence,
        speaker=run[0].speaker,
    )


def _kept(segment: Segment, *, words: bool) -> Segment:
    return segment if words else dataclasses.replace(segment, words=None)


class _Who:
    """Finds who speaks in a stretch of time."""

    def __init__(self, turns: Sequence[Turn]) -> None:
        self._turns = turns
        self._starts = [turn.start for turn in turns]
        self._ends = [turn.end for turn in turns]

    def speaks(self, start: float, end: float) -> str:
        """The label of whoever speaks most of it, or nearest to it."""
        first = bisect.bisect_right(self._ends, start)
        last = bisect.bisect_left(self._starts, end)
        shares: dict[int, float] = {}
        for turn in self._turns[first:last]:
            shared = min(turn.end, end) - max(turn.start, start)
            shares[turn.speaker] = shares.get(turn.speaker, 0.0) + shared
        if shares:
            return label(max(shares, key=lambda speaker: shares[speaker]))
        # Between two turns, or outside of all.
        near = self._turns[max(0, first - 1) : first + 1]
        middle = (start + end) / 2
        return label(min(near, key=lambda turn: _apart(turn, middle)).speaker)


def _apart(turn: Turn, at: float) -> float:
    return max(turn.start - at, at - turn.end, 0.0)
