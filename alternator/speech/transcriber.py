"""Transcribes media files with workers whose model stays loaded: the side that asks.

A worker may crash, hang or be killed: what it was at work on is tried again with less
(``alternator/speech/worker/casualties.py``). Nothing here imports torch.
"""
# size: all that can be asked of the workers is asked here; what they do with it stands elsewhere.

import copy
import itertools
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import TimeoutError as NotYetError
from contextlib import suppress
from pathlib import Path
from typing import Self

from alternator.config.models import SERVER_ENGINE, WhisperSettings
from alternator.errors import WorkerError
from alternator.models.speaker_weights import check_speaker_weights
from alternator.progress import SILENT, Progress
from alternator.speech.asking import model_for, server_of, transcript_of
from alternator.speech.device import wanted_device
from alternator.speech.engines.engine import Done, Failed, Known, LoadOptions, Request
from alternator.speech.engines.openai_api.listing import listed_models
from alternator.speech.options import DecodingOptions, SpeakerOptions, configured
from alternator.speech.transcript import Transcript
from alternator.speech.worker.interpreter import command_of
from alternator.speech.worker.job import Job, News
from alternator.speech.worker.patience import TICK_SECONDS, Deadlines
from alternator.speech.worker.pool import Pool
from alternator.speech.worker.process import WorkerProcess
from alternator.speech.worker.protocol import Load
from alternator.speech.worker.slot import State, WorkerReport
from alternator.speech.worker.spread import cores, threads_of_each
from alternator.speech.worker.time_limit import TimeLimits
from probe.machine.variables import PROVEN_DEVICE

# Of several workers, the first of these that one of them is in.
STATES: tuple[State, ...] = ("hung", "busy", "ready", "starting", "unloaded", "stopped")


class Transcription:
    """One request under way. One thread reads its events; any may cancel it."""

    def __init__(self, job: Job, pool: Pool) -> None:
        self.id = job.id
        self._job = job
        self._pool = pool
        pool.submit(job)

    def events(self, progress: Progress = SILENT) -> Iterator[News]:
        """What comes of it, as it comes; the last one is Done or Failed.

        ``progress.beat`` is called about twice a second in between. After Retried it begins anew,
        with another Started; the segments told before do not count any more.
        """
        while True:
            try:
                news = self._job.mailbox.get(timeout=TICK_SECONDS)
            except queue.Empty:
                progress.beat()
                continue
            progress.beat()
            yield news
            if isinstance(news, Done | Failed):
                return

    def cancel(self) -> None:
        """It is not wanted any more: Failed(CancelledRequestError) comes, or what was on its way.

        One that waits ends at once, one that runs at the engine's next step. The model stays
        loaded.
        """
        self._pool.cancel(self._job)


class Transcriber:
    """One face for all workers, for as many files as come, of which many are under way at once.

    A worker holds a bounded number of them; the others wait here. ``device`` goes before the
    settings' one; ``threads`` for CPU, 0 for as many as there are. The workers get ``environ``, and
    what it says of the proven device. Every method may be called from any thread.
    """

    # size: each is another matter: what is configured, three bounds, the machine.
    def __init__(
        self,
        settings: WhisperSettings,
        *,
        device: str | None = None,
        threads: int = 0,
        deadlines: Deadlines = Deadlines(),  # noqa: B008  # frozen: sharing it is safe
        limits: TimeLimits = TimeLimits(),  # noqa: B008
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._settings = settings
        self._deadlines = deadlines
        self._environ = environ
        self._numbers = itertools.count(1)
        self._checking = threading.Lock()  # guards the next one
        self._command: Sequence[str] | None = None
        load = Load(
            engine=settings.engine,
            model=model_for(settings),
            device=wanted_device(settings, device),
            options=LoadOptions(
                model_dir=settings.model_dir.absolute(),
                model_mirror=settings.model_mirror,
                threads=threads_of_each(settings.workers, threads, cores()),
                language=settings.language,
                proven_device=environ.get(PROVEN_DEVICE),
                compute_type=settings.compute_type,
                batch_size=settings.batch_size,
                server=server_of(settings),
            ),
        )
        self._pool = Pool(
            load,
            self._start_worker,
            workers=settings.workers,
            idle_seconds=settings.idle_unload_minutes * 60.0,
            limits=limits,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def state(self) -> State:
        """What the workers are doing now; "hung" once one is silent for longer than it should be,
        "unloaded" if they ended for want of work."""
        states = {slot.state for slot in self._pool.slots}
        return next(state for state in STATES if state in states)

    @property
    def workers(self) -> tuple[WorkerReport, ...]:
        """How each of the workers is."""
        return tuple(slot.report for slot in self._pool.slots)

    @property
    def continues(self) -> bool:
        """Whether a request may say what is ``known``: the engine that is loaded says so."""
        ready = [slot.process.ready for slot in self._pool.slots if slot.process is not None]
        return bool(ready) and all(one is not None and one.continues for one in ready)

    @property
    def waiting(self) -> int:
        """How many requests no worker has yet."""
        return self._pool.waiting

    @property
    def worker_pid(self) -> int | None:
        """The first worker's process id, None while there is none."""
        return next((worker.pid for worker in self.workers if worker.pid is not None), None)

    def start(self, progress: Progress = SILENT) -> None:
        """Starts a worker and loads the model, unless that is done.

        ModelError, ConfigError (engine, device, language, Python) or DecoderError (no ffmpeg) say
        what to mend; WorkerError if the worker dies meanwhile, however little it is asked to do.
        """
        self._check_interpreter()
        if self._settings.name_speakers:
            check_speaker_weights(self._settings)
        loaded = self._pool.start()
        while True:
            try:
                error = loaded.exception(timeout=TICK_SECONDS)
            except NotYetError:
                progress.beat()
                continue
            if error is not None:
                raise copy.copy(error)
            return

    def probe(self, progress: Progress = SILENT) -> None:
        """Find out whether it can be used: as start, and a server is asked each time anew.

        SpeechServerError where that is away, and the errors of start().
        """
        server = server_of(self._settings)
        if server is not None and self._settings.engine == SERVER_ENGINE:
            listed_models(server, model_for(self._settings))
        self.start(progress)

    def wake(self) -> None:
        """Have a model loaded that was unloaded for want of work, and return at once: somebody is
        about to ask. Nothing happens otherwise."""
        if self.state == "unloaded":
            with suppress(WorkerError):  # it was closed meanwhile
                self._pool.start()

    # size: all that a request may say
    def submit(
        self,
        path: Path,
        options: DecodingOptions | None = None,
        *,
        audio_track: int | None = None,
        speakers: SpeakerOptions | None = None,
        urgent: bool = False,
        known: Known | None = None,
    ) -> Transcription:
        """Ask for the transcript of an audio or video file, and return at once.

        Without ``options``, the defaults in the language and for the task of the settings.
        ``audio_track``, ``speakers``, ``urgent`` and ``known`` as in Request. ConfigError if there
        is no Python to run in.
        """
        self._check_interpreter()
        minutes = self._settings.max_duration_minutes
        number = next(self._numbers)
        request = Request(
            id=str(number),
            path=path.absolute(),
            limit_seconds=minutes * 60.0 if minutes else None,
            options=options or configured(self._settings),
            audio_track=audio_track,
            speakers=speakers,
            urgent=urgent,
            known=known,
        )
        return Transcription(Job(request=request, number=number), self._pool)

    def transcribe(
        self,
        path: Path,
        *,
        options: DecodingOptions | None = None,
        speakers: SpeakerOptions | None = None,
        progress: Progress = SILENT,
    ) -> Transcript:
        """The transcript of an audio or video file, '' where nobody speaks; with its speakers if
        the settings or ``speakers`` ask for them.

        ``progress.beat`` is called about twice a second while this waits for the worker; an
        exception out of it cancels the request.

        MediaError for what is wrong with the file, NoAudioError (a MediaError) if it has no
        audio, WorkerError if the worker dies or hangs each time that it is tried, or it takes too
        long, and the errors of start().
        """
        asked = speakers or self.usual_speakers
        return transcript_of(self.submit(path, options, speakers=asked), progress)

    @property
    def usual_speakers(self) -> SpeakerOptions | None:
        """What the settings ask for about who speaks."""
        return SpeakerOptions() if self._settings.name_speakers else None

    def close(self) -> None:
        """Ends the workers, also in the middle of a file; the transcriber can't be used again.

        An engine at rest is unloaded first, for which it has two seconds.
        """
        self._pool.close()

    def _check_interpreter(self) -> None:
        """Once, before anything is started: the Python that was chosen has what it takes."""
        with self._checking:
            if self._command is None:
                self._command = command_of(self._settings, self._environ)

    def _start_worker(self, load: Load, on_change: Callable[[], None], /) -> WorkerProcess:
        assert self._command is not None, "it was checked"
        return WorkerProcess(
            load, self._deadlines, self._environ, command=self._command, on_change=on_change
        )
