"""Several speech engines as one: the first that can is taken, the next where it can't.

Where an engine fails as such (its server is away, its model can't be loaded), the others do its
work until it is there again (``presence.py``). Where it fails for one request (it has no such
option, its worker died of it), that one alone goes on to the next. What is wrong with the file is
the last word. Nothing here imports torch; a worker of an engine starts when it is first needed.
"""

import dataclasses
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from alternator.errors import (
    AlternatorError,
    ConfigError,
    DecoderError,
    MediaError,
    ModelError,
    SpeechServerAwayError,
)
from alternator.progress import SILENT, Progress
from alternator.speech.asking import transcript_of
from alternator.speech.engines.engine import CancelledRequestError, Done, Failed
from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.speech.presence import Presence
from alternator.speech.transcriber import STATES, Transcriber, Transcription
from alternator.speech.transcript import Transcript
from alternator.speech.worker.job import News
from alternator.speech.worker.protocol import Retried
from alternator.speech.worker.slot import State, WorkerReport

log = logging.getLogger(__name__)

# The file's own, or of no other engine's doing.
FINAL = (MediaError, DecoderError, CancelledRequestError)


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """One engine of the chain; ``what`` as the log calls it."""

    what: str
    transcriber: Transcriber
    presence: Presence


class Chained:
    """One request under way, at one engine after the other. One thread reads its events."""

    def __init__(
        self, links: list[Link], submit: Callable[[Transcriber], Transcription], request_id: str
    ) -> None:
        self.id = request_id
        self._submit = submit
        self._lock = threading.Lock()  # guards the next two
        self._cancelled = False
        self._left = links
        self._at = self._begin()

    def events(self, progress: Progress = SILENT) -> Iterator[News]:
        """As Transcription.events. When the next engine is taken, it is told as Retried."""
        while True:
            link, transcription = self._at
            for event in transcription.events(progress):
                if isinstance(event, Done):
                    link.presence.answered()
                if isinstance(event, Failed) and (text := self._goes_on(link, event.error)):
                    yield Retried(id=self.id, text=text)
                    break
                yield dataclasses.replace(event, id=self.id)
            else:
                return

    def cancel(self) -> None:
        """As Transcription.cancel."""
        with self._lock:
            self._cancelled = True
            self._at[1].cancel()

    def _goes_on(self, link: Link, error: AlternatorError) -> str:
        """Ask the next engine; what the requester is told of it. '' if this was the last word."""
        if isinstance(error, FINAL):
            return ""
        with self._lock:
            if self._cancelled or not self._left:
                return ""
            self._at = self._begin()
        if is_the_engines(error, link.transcriber):
            link.presence.failed(error)
        text = f"{error}; {self._at[0].what} is taken"
        log.info("%s", text)
        return text

    def _begin(self) -> tuple[Link, Transcription]:
        link = self._left.pop(0)
        return link, self._submit(link.transcriber)


def is_the_engines(error: AlternatorError, transcriber: Transcriber) -> bool:
    """Whether every request would meet this error there: the server is away, or its model or its
    configuration let no worker start. One that lives said it of a single request."""
    if isinstance(error, SpeechServerAwayError):
        return True
    return isinstance(error, ModelError | ConfigError) and transcriber.state == "stopped"


class EngineChain:
    """The same face as a Transcriber's, for several. Every method may be called from any thread."""

    def __init__(self, links: list[Link]) -> None:
        self._links = links
        self._numbers = itertools.count(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> State:
        """As Transcriber.state, of all."""
        states = {link.transcriber.state for link in self._links}
        return next(state for state in STATES if state in states)

    @property
    def workers(self) -> tuple[WorkerReport, ...]:
        """As Transcriber.workers; those of an engine that is left alone say why."""
        return tuple(
            report
            if link.presence.there
            else dataclasses.replace(report, state="left out", why=link.presence.why)
            for link in self._links
            for report in link.transcriber.workers
        )

    @property
    def waiting(self) -> int:
        """As Transcriber.waiting, of all."""
        return sum(link.transcriber.waiting for link in self._links)

    @property
    def worker_pid(self) -> int | None:
        """The first worker's process id, None while there is none."""
        return next((worker.pid for worker in self.workers if worker.pid is not None), None)

    def start(self, progress: Progress = SILENT) -> None:
        """Have the first engine ready that can be. A mistake in the configuration of one that is
        tried is raised; else what the last one meets."""
        for link in self._links[:-1]:
            try:
                link.transcriber.start(progress)
            except (SpeechServerAwayError, ModelError) as error:
                link.presence.failed(error)
            else:
                return
        self._links[-1].transcriber.start(progress)

    def probe(self, progress: Progress = SILENT) -> None:
        """As Transcriber.probe, of whichever can be used; raises what the last one meets."""
        for link in self._links[:-1]:
            try:
                link.transcriber.probe(progress)
            except AlternatorError as error:
                log.debug("%s can't be used: %s", link.what, error)
            else:
                link.presence.found()
                return
        self._links[-1].transcriber.probe(progress)

    def submit(
        self,
        path: Path,
        options: DecodingOptions | None = None,
        *,
        audio_track: int | None = None,
        speakers: SpeakerOptions | None = None,
    ) -> Chained:
        """As Transcriber.submit: at the first engine that is there, or else at the last."""
        *others, last = self._links
        links = [*(link for link in others if link.presence.there), last]

        def submit(transcriber: Transcriber) -> Transcription:
            return transcriber.submit(path, options, audio_track=audio_track, speakers=speakers)

        return Chained(links, submit, str(next(self._numbers)))

    def transcribe(
        self,
        path: Path,
        *,
        options: DecodingOptions | None = None,
        speakers: SpeakerOptions | None = None,
        progress: Progress = SILENT,
    ) -> Transcript:
        """As Transcriber.transcribe."""
        asked = speakers or self._links[0].transcriber.usual_speakers
        return transcript_of(self.submit(path, options, speakers=asked), progress)

    def close(self) -> None:
        """As Transcriber.close."""
        for link in self._links:
            link.presence.close()
        for link in self._links:
            link.transcriber.close()
