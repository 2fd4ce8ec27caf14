"""A transcript in the shape of OpenAI's ``response_format=diarized_json``.

https://github.com/openai/openai-python/blob/main/src/openai/types/audio/transcription_diarized.py
and transcription_diarized_segment.py beside it. Imports nothing but the transcript's types.
"""

import math
from typing import Literal, TypedDict

from alternator.speech.transcript import Transcript


class DiarizedSegment(TypedDict):
    """What one speaker says; ``start`` and ``end`` in seconds."""

    type: Literal["transcript.text.segment"]
    id: str
    start: float
    end: float
    text: str
    speaker: str


class UsageDuration(TypedDict):
    """What is billed: whole seconds of sound."""

    type: Literal["duration"]
    seconds: int


class Diarized(TypedDict):
    """The whole answer; ``duration`` in seconds."""

    task: Literal["transcribe"]
    duration: float
    text: str
    segments: list[DiarizedSegment]
    usage: UsageDuration


def diarized_json(transcript: Transcript) -> Diarized:
    """The answer for a transcript whose segments have speakers.

    Speakers are A, B, … in the order in which they first come, and AA behind Z. What was said by
    nobody that is known is left with the speaker before it, and A where there is none: the shape
    demands a name.
    """
    said = [segment for segment in transcript.segments if segment.text.strip()]
    names: dict[str, str] = {}
    segments: list[DiarizedSegment] = []
    speaker = letters(0)
    for number, segment in enumerate(said, start=1):
        if segment.speaker is not None:
            speaker = names.setdefault(segment.speaker, letters(len(names)))
        segments.append(
            {
                "type": "transcript.text.segment",
                "id": f"seg_{number:03d}",
                "start": segment.start,
                "end": segment.end,
                "text": segment.text.strip(),
                "speaker": speaker,
            }
        )
    return {
        "task": "transcribe",
        "duration": transcript.duration,
        "text": transcript.text,
        "segments": segments,
        "usage": {"type": "duration", "seconds": math.ceil(transcript.duration)},
    }


def letters(number: int) -> str:
    """``A`` for 0, ``Z`` for 25, ``AA`` for 26."""
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
