"""What a worker measures of its own work, for ``/metrics``."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

from alternator import tracing
from alternator.bot.bot import SpeechWorker
from alternator.bot.draft import Draft
from alternator.errors import AlternatorError
from alternator.progress import Progress
from alternator.roles.hearing import Hearing
from alternator.speech.transcript import Transcript
from alternator.store.outcomes import Claim, Outcome

# From a post to its description: from instant to a day, for posts that had to wait.
SECONDS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600, 6 * 3600, 86_400)


class Observations:
    """Counters of one worker. For any thread."""

    def __init__(self) -> None:
        self.delay = Histogram(
            "alternator_description_seconds",
            "From when a new post was made to its description.",
            buckets=SECONDS,
            registry=None,
        )
        self.audio = Counter(
            "alternator_transcribed_audio_seconds",
            "Seconds of sound that were transcribed.",
            registry=None,
        )
        self.transcribing = Counter(
            "alternator_transcription_seconds",
            "Seconds that transcriptions took; the ratio is the real-time factor.",
            registry=None,
        )

    def register(self, registry: CollectorRegistry) -> None:
        """Have a registry tell of them."""
        for one in (self.delay, self.audio, self.transcribing):
            registry.register(one)

    def published(
        self, now: float, claim: Claim, draft: Draft, outcomes: Sequence[Outcome]
    ) -> None:
        """A draft was published at a Unix time; if it was of a new post, how long that took."""
        made = None if draft.status is None else draft.status.created_at
        ours = any(one.state == "described" and not one.earlier for one in outcomes)
        if ours and made is not None and not claim.backfill:
            self.delay.observe(max(now - made.timestamp(), 0.0))


class ObservedSpeech:
    """A transcriber whose work is measured: ``alternator.bot.bot.SpeechWorker``.

    ``hearing`` is told how each request ended.
    """

    def __init__(
        self,
        speech: SpeechWorker,
        observations: Observations,
        hearing: Hearing,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._speech = speech
        self._observations = observations
        self._hearing = hearing
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._speech, name)

    def transcribe(self, path: Path, *, progress: Progress, **asked: Any) -> Transcript:
        """As the transcriber does."""
        began = self._clock()
        try:
            with tracing.span("transcribe"):
                found = self._speech.transcribe(path, progress=progress, **asked)
        except AlternatorError as error:
            self._hearing.failed(error)
            raise
        self._hearing.heard()
        self._observations.transcribing.inc(max(self._clock() - began, 0.0))
        self._observations.audio.inc(max(found.duration, 0.0))
        return found
