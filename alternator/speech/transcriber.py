"""Transcribes media files with a Whisper worker that stays loaded.

The worker may crash, hang or be killed: that costs the file in work an error, and the next one
a restart. Nothing here imports torch.
"""

import dataclasses
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, Self

from alternator.config.models import WhisperSettings
from alternator.errors import WorkerError
from alternator.speech.transcript import Transcript, from_whisper
from alternator.speech.worker.process import Deadlines, WhisperProcess

# What openai-whisper's command line sets; its function would decode greedily.
DEFAULT_OPTIONS: Mapping[str, Any] = MappingProxyType({"beam_size": 5, "best_of": 5})

State = Literal["stopped", "starting", "ready", "busy", "hung"]

logger = logging.getLogger(__name__)


class Transcriber:
    """One Whisper worker, for as many files as come.

    ``device`` goes before the settings' one; ``threads`` for CPU, 0 for as many as there are.
    Every method may be called from any thread; files are transcribed one after the other.
    """

    def __init__(
        self,
        settings: WhisperSettings,
        *,
        device: str | None = None,
        threads: int = 0,
        deadlines: Deadlines = Deadlines(),  # noqa: B008  # frozen: sharing it is safe
    ) -> None:
        self._settings = settings
        self._device = device
        self._threads = threads
        self._deadlines = deadlines
        self._turn = threading.Lock()
        self._worker: WhisperProcess | None = None
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

    def start(self) -> None:
        """Starts the worker and loads the model, unless that is done.

        ModelError, ConfigError (device, language) or DecoderError (no ffmpeg) say what to mend;
        WorkerError if the worker dies meanwhile.
        """
        with self._turn:
            self._running_worker()

    def transcribe(
        self,
        path: Path,
        *,
        language: str | None = None,
        task: str | None = None,
        options: Mapping[str, Any] = DEFAULT_OPTIONS,
        on_wait: Callable[[], None] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> Transcript:
        """The transcript of an audio or video file, '' where nobody speaks.

        ``language`` and ``task`` go before the settings'; ``options`` are further keyword
        arguments of ``whisper.transcribe``. ``on_wait`` is called about twice a second while
        this waits for the worker, ``on_line`` with each line that Whisper prints.

        MediaError for what is wrong with the file, NoAudioError (a MediaError) if it has no
        audio, WorkerError if the worker dies or hangs, and the errors of start().
        """
        minutes = self._settings.max_duration_minutes
        request = {
            "op": "transcribe",
            "path": str(path.absolute()),
            "limit_seconds": minutes * 60 if minutes else None,
            "options": {
                **options,
                "language": language or self._settings.language,
                "task": task or self._settings.task,
            },
        }
        with self._turn:
            worker = self._running_worker(on_wait)
            worker.phase = "busy"
            try:
                answer = worker.ask(request, on_wait=on_wait, on_line=on_line)
            finally:
                worker.phase = "ready"
        return from_whisper(answer["transcript"], answer["duration"])

    def close(self) -> None:
        """Ends the worker, also in the middle of a file; the transcriber can't be used again."""
        self._closed = True
        if self._worker is not None:
            self._worker.kill()

    def _running_worker(self, on_wait: Callable[[], None] | None = None) -> WhisperProcess:
        """The worker with its model loaded: the present one, or a new one if it died or hangs."""
        worker = self._worker
        if worker is not None:
            if worker.alive and not worker.hung:
                return worker
            logger.warning("the Whisper worker is gone or hangs; starting another")
            worker.kill()
        worker = self._worker = WhisperProcess(self._deadlines)
        if self._closed:  # looked at after the assignment, so that close() misses no worker
            worker.kill()
            raise WorkerError("the transcriber is closed")
        try:
            answer = worker.ask(self._load_request(), on_wait=on_wait, on_line=logger.info)
        except BaseException:
            worker.kill()
            raise
        worker.phase = "ready"
        logger.info(
            "Whisper model %s is loaded on %s", self._settings.model, answer["ready"]["device"]
        )
        return worker

    def _load_request(self) -> dict[str, Any]:
        settings = dataclasses.asdict(self._settings)
        settings["model_dir"] = str(self._settings.model_dir.absolute())
        return {
            "op": "load",
            "settings": settings,
            "device": self._device,
            "threads": self._threads,
        }
