"""A conversation as a person writes it down: a line for each turn, with a name in front."""

import itertools
from collections.abc import Callable

from alternator.speech.transcript import Segment, Transcript


def dialogue(transcript: Transcript, name: Callable[[int], str]) -> str:
    """``Speaker 1: …``, a line for each turn; ``name`` makes a name of a number, from 1.

    Numbers are in the order in which speakers first come. Where only one speaks, or nobody is
    known to, it is the transcript's plain text.
    """
    said = [segment for segment in transcript.segments if segment.text.strip()]
    known = list(dict.fromkeys(segment.speaker for segment in said if segment.speaker))
    if len(known) < 2:
        return transcript.text
    lines = []
    for speaker, run in itertools.groupby(said, key=lambda segment: segment.speaker):
        text = _text(list(run))
        number = known.index(speaker) + 1 if speaker else None
        lines.append(text if number is None else f"{name(number)}: {text}")
    return "\n".join(lines)


def _text(run: list[Segment]) -> str:
    return " ".join("".join(segment.text for segment in run).split())
