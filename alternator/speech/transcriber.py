"""Transcribes media files with a worker whose model stays loaded: the side that asks.

The worker may crash, hang or be killed: that costs the files in work an error, and the next one
a restart. Nothing here imports torch.
"""

import itertools
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Self, assert_never

from alternator.config.models import WhisperSettings
from alternator.errors import WorkerError
from alternator.progress import SILENT, Progress
from alternator.speech.device import wanted_device
from alternator.speech.engines.engine import (
    CancelledRequestError,
    Done,
    Event,
    Failed,
    LoadOptions,
    Progressed,
    Request,
    Said,
    SegmentFound,
)
from alternator.speech.options import DecodingOptions, configured
from alternator.speech.transcript import Transcript
from alternator.speech.worker.held import Lost, Mailbox
from alternator.speech.worker.patience import TICK_SECONDS, Deadlines
from alternator.speech.worker.process import WorkerProcess
from alternator.speech.worker.protocol import Load, Started
from alternator.speech.worker.words import worker_of
from probe.machine.variables import PROVEN_DEVICE

# How many workers may end under a request that none of them had begun with.
MOST_WORKERS = 3

State = Literal["stopped", "starting", "ready", "busy", "hung"]

logger = logging.getLogger(__name__)


class Transcription:
    """One request under way. One thread reads its events; any may cancel it."""

    def __init__(self, request: Request, ask: Callable[[Request, Mailbox], WorkerProcess]) -> None:
        self.id = request.id
        self._request = request
        self._ask = ask
        self._mailbox: Mailbox = queue.SimpleQueue()
        self._cancelled = False
        self._worker = ask(request, self._mailbox)

    def events(self, progress: Progress = SILENT) -> Iterator[Started | Event]:
        """What comes of it, as it comes; the last one is Done or Failed.

        ``progress.beat`` is called about twice a second in between. If the worker ends before
        the request was started, another is asked, within this iterator.
        """
        workers = 1
        while True:
            try:
                answer = self._mailbox.get(timeout=TICK_SECONDS)
            except queue.Empty:
                progress.beat()
                continue
            if not isinstance(answer, Lost):
                progress.beat()
                yield answer
                if isinstance(answer, Done | Failed):
                    return
            elif answer.again and not self._cancelled and workers < MOST_WORKERS:
                workers += 1
                self._worker = self._ask(self._request, self._mailbox)
                if self._cancelled:  # just now, and the worker before this one was told
                    self._worker.cancel(self.id)
            else:
                gone = CancelledRequestError("the transcription was cancelled")
                yield Failed(id=self.id, error=gone if self._cancelled else answer.error)
                return

    def cancel(self) -> None:
        """It is not wanted any more: Failed(CancelledRequestError) comes, or what was on its way.

        One that waits ends at once, one that runs at the engine's next step. The model stays
        loaded.
        """
        self._cancelled = True
        self._worker.cancel(self.id)


class Transcriber:
    """One worker, for as many files as come; their requests wait in it, in its engine's queue.

    ``device`` goes before the settings' one; ``threads`` for CPU, 0 for as many as there are. The
    worker gets ``environ``, and what it says of the proven device.
    Every method may be called from any thread.
    """

    def __init__(
        self,
        settings: WhisperSettings,
        *,
        device: str | None = None,
        threads: int = 0,
        deadlines: Deadlines = Deadlines(),  # noqa: B008  # frozen: sharing it is safe
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = settings
        self._load = Load(
            engine=settings.engine,
            model=settings.model,
            device=wanted_device(settings, device),
            options=LoadOptions(
                model_dir=settings.model_dir.absolute(),
                model_mirror=settings.model_mirror,
                threads=threads,
                language=settings.language,
                proven_device=environ.get(PROVEN_DEVICE),
                compute_type=settings.compute_type,
                batch_size=settings.batch_size,
            ),
        )
        self._deadlines = deadlines
        self._environ = environ
        self._numbers = itertools.count(1)
        self._turn = threading.Lock()  # guards the next two
        self._worker: WorkerProcess | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> State:
        """What the worker is doing now; "hung" once it is silent for longer than it should be."""
        worker = self._worker
        if worker is None or not worker.alive:
            return "stopped"
        return "hung" if worker.hung else worker.phase

    @property
    def worker_pid(self) -> int | None:
        """The worker's process id, None while there is none."""
        worker = self._worker
        return worker.pid if worker is not None and worker.alive else None

    def start(self, progress: Progress = SILENT) -> None:
        """Starts the worker and loads the model, unless that is done.

        ModelError, ConfigError (engine, device, language) or DecoderError (no ffmpeg) say what to
        mend; WorkerError if the worker dies meanwhile.
        """
        self._usable_worker().wait_until_loaded(progress)

    def submit(self, path: Path, options: DecodingOptions | None = None) -> Transcription:
        """Ask for the transcript of an audio or video file, and return at once.

        Without ``options``, the defaults in the language and for the task of the settings.
        """
        minutes = self._settings.max_duration_minutes
        request = Request(
            id=str(next(self._numbers)),
            path=path.absolute(),
            limit_seconds=minutes * 60.0 if minutes else None,
            options=options or configured(self._settings),
        )
        return Transcription(request, self._ask)

    def transcribe(
        self, path: Path, *, options: DecodingOptions | None = None, progress: Progress = SILENT
    ) -> Transcript:
        """The transcript of an audio or video file, '' where nobody speaks.

        ``progress.beat`` is called about twice a second while this waits for the worker; an
        exception out of it cancels the request.

        MediaError for what is wrong with the file, NoAudioError (a MediaError) if it has no
        audio, WorkerError if the worker dies or hangs, and the errors of start().
        """
        transcription = self.submit(path, options)
        try:
            for event in transcription.events(progress):
                match event:
                    case Done():
                        return event.transcript
                    case Failed():
                        raise event.error
                    case Said():
                        progress.line(event.text)
                    case Progressed():
                        progress.advanced(event.done, event.total)
                    case Started() | SegmentFound():
                        pass
                    case _:
                        assert_never(event)
        except BaseException:
            transcription.cancel()
            raise
        raise AssertionError("the last event is Done or Failed")

    def close(self) -> None:
        """Ends the worker, also in the middle of a file; the transcriber can't be used again.

        An engine at rest is unloaded first, for which it has two seconds.
        """
        with self._turn:
            self._closed = True
            if self._worker is not None:
                self._worker.close(WorkerError("the transcriber was closed"))

    def _ask(self, request: Request, mailbox: Mailbox) -> WorkerProcess:
        worker = self._usable_worker()
        worker.submit(request, mailbox)
        return worker

    def _usable_worker(self) -> WorkerProcess:
        """The present worker, or a new one if it died or hangs. Its model may still be loading."""
        with self._turn:
            if self._closed:
                raise WorkerError("the transcriber is closed")
            worker = self._worker
            if worker is not None:
                if worker.usable:
                    return worker
                name = worker_of(self._load.engine)
                logger.warning("%s is gone or hangs; starting another", name)
                worker.kill(WorkerError(f"{name} was silent and is replaced"))
            self._worker = WorkerProcess(self._load, self._deadlines, self._environ)
            return self._worker
