"""Who speaks when in a recording: speech found, its voices embedded and put into groups.

Runs in the worker: it imports torch.
"""

import threading
from pathlib import Path

import numpy as np
import torch

from alternator.errors import OutOfMemoryError
from alternator.media.audio import SAMPLE_RATE, GoOn, open_sound
from alternator.media.audio_run import Pcm
from alternator.speech.cutting import speech_spans
from alternator.speech.engines.engine import Request
from alternator.speech.speakers.following import Voices, turns_of
from alternator.speech.speakers.mel import MelSpectrogram
from alternator.speech.speakers.network import EMBEDDING, WINDOW, Embeddings, VoiceNetwork
from alternator.speech.speakers.turn import Turn
from alternator.speech.speakers.windows import Sound, Window, rows_of, windows_of
from alternator.speech.voice import VoiceDetector


class Diarizer:
    """Finds speakers on one device; any thread may call, and they take turns while they do."""

    def __init__(self, weights: Path, device: str = "cpu") -> None:
        self._detector = VoiceDetector(device)
        self._network = VoiceNetwork(weights, device)
        self._mel = MelSpectrogram(self._network.device)
        self._one = threading.Lock()

    def turns(
        self, samples: Sound, *, count: int | None = None, go_on: GoOn = lambda _: None
    ) -> tuple[Turn, ...]:
        """Who speaks when: in their order, without overlap, none where nobody speaks.

        ``samples``: mono, 16 kHz, int16 or float32 from -1 to 1. ``count``: how many speakers there
        are, None where that is not known. Where two speak at once, it is one of them. ``go_on`` is
        called now and again; what it raises ends the search.
        """
        return tuple(turns_of(self.voices(samples, go_on), count))

    def voices(self, samples: Sound, go_on: GoOn = lambda _: None) -> Voices:
        """What there is to tell speakers by; ``samples`` and ``go_on`` as for turns()."""
        spans = speech_spans(self._detector.probabilities(samples), len(samples))
        windows = windows_of(spans)
        vectors = self._embeddings(samples, windows, go_on)
        return Voices(spans=spans, windows=tuple(windows), vectors=vectors)

    def _embeddings(self, samples: Sound, windows: list[Window], go_on: GoOn) -> Embeddings:
        found = np.empty((len(windows), EMBEDDING), dtype=np.float32)
        together = self._network.together
        for first in range(0, len(windows), together):
            go_on(len(samples) / SAMPLE_RATE)
            some = windows[first : first + together]
            with self._one:
                rows = torch.from_numpy(rows_of(samples, some)).to(self._network.device)
                found[first : first + len(some)] = self._network.embed(self._mel(rows)[:, :WINDOW])
        return found


def turns_of_request(diarizer: Diarizer, request: Request, go_on: GoOn) -> tuple[Turn, ...]:
    """The turns in a request's file, which is decoded here. AlternatorError says what is wrong;
    and what ``go_on`` raises ends it.

    An hour of sound is 115 MB while it lasts: it is kept in whole numbers of 16 bits.
    """
    assert request.speakers is not None
    with open_sound(
        request.path,
        limit_seconds=request.limit_seconds,
        track=request.audio_track,
        go_on=go_on,
    ) as stream:
        blocks = list(stream.pcm())
    if not blocks:
        return ()
    samples = joined(blocks)
    try:
        return diarizer.turns(samples, count=request.speakers.count, go_on=go_on)
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
