"""Finds out when an engine that was of no use is again."""

import logging
from collections.abc import Callable
from contextlib import suppress

from alternator.errors import AlternatorError, StateError, WorkerError
from alternator.log import Thread
from alternator.roles.hearing import Hearing
from alternator.stopping import Stop, Stopping
from alternator.store.jobs import Jobs

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5


class HearingAgain:
    """A thread that probes a worker's engine while that hears nothing, until ``stop``.

    A probe may take as long as loading a model does. Where it succeeds, what waited for an engine
    is due.
    """

    def __init__(
        self, hearing: Hearing, probe: Callable[[], object], jobs: Jobs, stop: Stop
    ) -> None:
        self._hearing = hearing
        self._probe = probe
        self._jobs = jobs
        self._stop = stop
        self._thread = Thread(target=self._run, name="hearing")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _run(self) -> None:
        with suppress(Stopping):
            while True:
                self._stop.pause(LOOK_SECONDS)
                if self._hearing.until_probe == 0.0:
                    self._look()

    def _look(self) -> None:
        error = self._probed()
        self._stop.check()  # it may be the end that it met
        self._hearing.probed(error)
        if error is None:
            with suppress(StateError):  # logged by the store; each is due in the end
                self._jobs.hurry_speech()

    def _probed(self) -> AlternatorError | None:
        try:
            self._probe()
        except AlternatorError as error:
            return error
        except Exception as error:
            log.exception("the engine was probed in vain for a defect of ours")
            return WorkerError(f"unexpected {type(error).__name__}: {error}")
        return None
