"""What the worker asks of whatever turns sound into text."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from alternator.media.audio import Samples
from alternator.speech.transcript import Transcript

# Called whenever a step was taken, so that somebody who waits can tell slow from stuck.
OnProgress = Callable[[], None]


class Engine(Protocol):
    """A loaded model. One call at a time; the model stays in memory between calls."""

    @property
    def device(self) -> str:
        """Where it computes, by PyTorch's name."""

    def transcribe(self, samples: Samples, options: Mapping[str, Any]) -> Transcript:
        """The transcript of mono float32 samples at 16 kHz, shape (samples,).

        ``options`` are the keyword arguments of ``whisper.transcribe``; an engine ignores none
        of them silently. Errors derive from AlternatorError; anything else is a defect.
        """
