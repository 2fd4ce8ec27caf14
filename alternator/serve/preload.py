"""Loads the default model while the server answers already, and says whether it is ready."""

import logging
import threading
from collections.abc import Callable

from alternator.errors import AlternatorError
from alternator.progress import Progress
from alternator.serve.models import Models

log = logging.getLogger(__name__)


class StoppedError(Exception):
    """The server ends while a model is loaded."""


class Loading(Progress):
    """Breaks the loading off when the server ends."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def beat(self) -> None:
        """StoppedError once the server ends."""
        if self.stopped.is_set():
            raise StoppedError

    def pause(self, seconds: float) -> None:
        """Sleep, or end."""
        self.stopped.wait(max(seconds, 0.0))
        self.beat()


class Preload:
    """One model that is loaded at the start. A model that can't be had ends the server:
    ``failed`` is called then, in another thread, and ``error`` says why.

    ``name`` None: there is nothing to load.
    """

    def __init__(self, models: Models, name: str | None, failed: Callable[[], None]) -> None:
        self._models = models
        self._name = name
        self._failed = failed
        self._progress = Loading()
        self.loading = name is not None
        self.error: AlternatorError | None = None

    def start(self) -> None:
        """Begin, and return at once."""
        if self._name is not None:
            transcriber = self._models.transcriber(self._name)

            def load() -> None:
                try:
                    transcriber.start(self._progress)
                    log.info("the model %s is loaded", self._name)
                except StoppedError:
                    pass
                except AlternatorError as error:
                    if not self._progress.stopped.is_set():  # else its worker was ended with it
                        self.error = error
                        self._failed()
                self.loading = False

            threading.Thread(target=load, name="preload", daemon=True).start()

    def stop(self) -> None:
        """The server ends."""
        self._progress.stopped.set()

    def why_not_ready(self) -> str | None:
        """What stands in the way of answering now; None if nothing does."""
        if self.loading:
            return f"the model {self._name} is being loaded"
        hung = [kept.name for kept in self._models.kept if kept.transcriber.state == "hung"]
        return f"the worker of {hung[0]} does not answer" if hung else None
