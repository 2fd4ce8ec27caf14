"""Who speaks when, and which speakers a request asks for."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One speaker without a break; ``start`` and ``end`` in seconds, ``speaker`` from 0."""

    start: float
    end: float
    speaker: int


def label(speaker: int) -> str:
    """``SPEAKER_00``: what pyannote and whisperX call the first one, and what their users read.

    https://github.com/m-bain/whisperX/blob/main/whisperx/diarize.py
    """
    return f"SPEAKER_{speaker:02d}"
