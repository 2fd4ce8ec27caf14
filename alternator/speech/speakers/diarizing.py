"""Who speaks when in a recording: speech found, its voices embedded and put into groups.

Runs in the worker: it imports torch.
"""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from alternator.errors import OutOfMemoryError
from alternator.media.audio import open_sound
from alternator.media.audio_run import Pcm
from alternator.speech.cutting import speech_spans
from alternator.speech.engines.engine import CancelledRequestError, Request
from alternator.speech.speakers.following import Voices, turns_of
from alternator.speech.speakers.mel import MelSpectrogram
from alternator.speech.speakers.network import EMBEDDING, WINDOW, Embeddings, VoiceNetwork
from alternator.speech.speakers.turn import Turn
from alternator.speech.speakers.windows import Sound, Window, rows_of, windows_of
from alternator.speech.voice import VoiceDetector

Unwanted = Callable[[], bool]


class Diarizer:
    """Finds speakers on one device; any thread may call, one at a time is served."""

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        self._detector = VoiceDetector(device)
        self._network = VoiceNetwork(weights, device)
        self._mel = MelSpectrogram(self._network.device)
        self._one = threading.Lock()

    def turns(
        self, samples: Sound, *, count: int | None = None, unwanted: Unwanted = lambda: False
    ) -> tuple[Turn, ...]:
        """Who speaks when: in their order, without overlap, none where nobody speaks.

        ``samples``: mono, 16 kHz, int16 or float32 from -1 to 1. ``count``: how many speakers there
        are, None where that is not known. Where two speak at once, it is one of them.
        CancelledRequestError once it is ``unwanted``.
        """
        return tuple(turns_of(self.voices(samples, unwanted), count))

    def voices(self, samples: Sound, unwanted: Unwanted = lambda: False) -> Voices:
        """What there is to tell speakers by; ``samples`` and ``unwanted`` as for turns()."""
        with self._one:
            spans = speech_spans(self._detector.probabilities(samples), len(samples))
            windows = windows_of(spans)
            vectors = self._embeddings(samples, windows, unwanted)
        return Voices(spans=spans, windows=tuple(windows), vectors=vectors)

    def _embeddings(self, samples: Sound, windows: list[Window], unwanted: Unwanted) -> Embeddings:
        found = np.empty((len(windows), EMBEDDING), dtype=np.float32)
        together = self._network.together
        for first in range(0, len(windows), together):
            if unwanted():
                raise CancelledRequestError("the transcription was cancelled")
            some = windows[first : first + together]
            rows = torch.from_numpy(rows_of(samples, some)).to(self._network.device)
            found[first : first + len(some)] = self._network.embed(self._mel(rows)[:, :WINDOW])
        return found


def turns_of_request(diarizer: Diarizer, request: Request, unwanted: Unwanted) -> tuple[Turn, ...]:
    """The turns in a request's file, which is decoded here. AlternatorError says what is wrong.

    An hour of sound is 115 MB while it lasts: it is kept in whole numbers of 16 bits.
    """
    assert request.speakers is not None
    with open_sound(
        request.path, limit_seconds=request.limit_seconds, track=request.audio_track
    ) as stream:
        blocks: list[Pcm] = []
        for block in stream.pcm():
            blocks.append(block)
            if unwanted():
                raise CancelledRequestError("the transcription was cancelled")
    if not blocks:
        return ()
    samples = joined(blocks)
    try:
        return diarizer.turns(samples, count=request.speakers.count, unwanted=unwanted)
    except (torch.OutOfMemoryError, MemoryError):
        raise OutOfMemoryError(
            "there is too little memory to tell who speaks in this clip; choose a smaller "
            "[whisper] model, or set [whisper] device to cpu"
        ) from None


def joined(blocks: list[Pcm]) -> Pcm:
    """All samples; the blocks are given back one by one, so that nothing is held twice."""
    samples = np.empty(sum(map(len, blocks)), dtype=np.int16)
    place = 0
    blocks.reverse()
    while blocks:
        block = blocks.pop()
        samples[place : place + len(block)] = block
        place += len(block)
    return samples
