"""The places of all workers: what is loaded there, left out, tried with less, unloaded at rest.

For the pool's thread. A place is loaded when a request needs it. One whose model can't be loaded is
tried with less, where that may help; else it is left out for some minutes, and the others do the
work. Where there is no other, everybody who waits hears why.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future

from alternator.errors import AlternatorError, WorkerError
from alternator.speech.worker.casualties import Casualties, less_to_load
from alternator.speech.worker.held import Ending
from alternator.speech.worker.job import Job
from alternator.speech.worker.less import Less, told
from alternator.speech.worker.process import WorkerProcess
from alternator.speech.worker.protocol import Load
from alternator.speech.worker.slot import Slot, Start
from alternator.speech.worker.spread import places_beside
from alternator.speech.worker.words import model_of, worker_of
from probe.errors import reason_of

# How long a place is left alone after its model could not be loaded there.
LEFT_OUT_SECONDS = 600.0

logger = logging.getLogger(__name__)


class Places:
    """All places. ``waiting`` is the pool's list; ``fail_all`` is told what nobody here can mend;
    ``post`` takes what a worker's threads have for the pool's.

    ``load`` is the first place's; what there is besides is known when it has seen the device.
    """

    # size: the pool's parts, each handed over as it is.
    def __init__(
        self,
        load: Load,
        start: Start,
        *,
        workers: int,
        waiting: list[Job],
        casualties: Casualties,
        fail_all: Callable[[AlternatorError], None],
        post: Callable[[Callable[[], None]], None],
    ) -> None:
        self.all = [Slot(load, start)]  # grows, and never shrinks: others may look at it
        self._start = start
        self._workers = workers
        self._waiting = waiting
        self._casualties = casualties
        self._fail_all = fail_all
        self._post = post
        self._name = worker_of(load.engine)
        self._model = model_of(load.engine, load.model)
        self._starters: list[Future[None]] = []

    @property
    def empty(self) -> bool:
        """Whether there is no worker at all, so nothing to look after."""
        return all(slot.process is None for slot in self.all)

    def begin(self, loaded: "Future[None]") -> None:
        """Load the first one, whether or not there is a request; tell when one is loaded."""
        if any(slot.loaded for slot in self.all):
            loaded.set_result(None)
            return
        self._starters.append(loaded)
        self._load_for_starters()

    def load(self, slot: Slot, less: Less) -> None:
        """Start a worker there; what comes of it is told by itself."""
        try:
            slot.start(less, lambda slot, process: self._post(lambda: self.settled(slot, process)))
        except OSError as error:
            self.fail(WorkerError(f"{self._name} can't be started: {reason_of(error)}"))

    def fail(self, error: AlternatorError) -> None:
        """Nobody who waits can be helped."""
        starters, self._starters = self._starters, []
        for loaded in starters:
            loaded.set_exception(error)
        self._fail_all(error)

    def settled(self, slot: Slot, process: WorkerProcess) -> None:
        """A worker is loaded, or over."""
        if slot.process is not process:
            return
        slot.rests_since = time.monotonic()
        ending = process.ending
        if ending is None:
            self._loaded(slot, process)
            return
        slot.process = None
        if process.ready is not None:
            slot.base, slot.lack, slot.why = Less.NOTHING, None, ""
            self._casualties.ended(slot, ending)
        elif ending.cause != "asked":
            self._not_loaded(slot, ending, process.gpus)
        self._load_for_starters()

    def unload_at_rest(self, seconds: float) -> None:
        """End the workers that have had nothing to do for so long. The next request loads one."""
        now = time.monotonic()
        for slot in self.all:
            if slot.loaded and not slot.jobs and now - slot.rests_since >= seconds:
                logger.info("%s is unloaded after %.3g min without work", self._model, seconds / 60)
                slot.leave(WorkerError(f"{self._name} was not needed"))
                slot.unloaded = True

    def close(self, why: WorkerError) -> None:
        """End all workers at the same time, and wait until they are gone."""
        threads = [slot.leave(why) for slot in self.all if slot.process is not None]
        for thread in threads:
            thread.join()

    def _load_for_starters(self) -> None:
        """Somebody waits for a model and not for a request, so no request brings one about."""
        if self._starters and self.empty:
            slot = next((slot for slot in self.all if not slot.left_out), self.all[0])
            self.load(slot, slot.base)

    def _loaded(self, slot: Slot, process: WorkerProcess) -> None:
        assert process.ready is not None, "it says so itself"
        if slot.less == Less.NOTHING:
            slot.said, slot.why = process.ready, ""
        if slot.less < Less.CPU:
            self._spread(process.ready.device, process.gpus)
        starters, self._starters = self._starters, []
        for loaded in starters:
            loaded.set_result(None)

    def _spread(self, device: str, gpus: int) -> None:
        """Make the other places, once it is known of what there is how much."""
        if len(self.all) == 1:
            loads = places_beside(self.all[0].load, device, gpus, self._workers)
            self.all += [Slot(load, self._start) for load in loads]

    def _not_loaded(self, slot: Slot, ending: Ending, gpus: int) -> None:
        error = ending.error
        if slot.less > slot.base:
            # With what one request needs: no other is the worse for it.
            for job in [job for job in self._waiting if slot.needed(job) == slot.less]:
                self._waiting.remove(job)
                self._casualties.with_less(slot, job, job.error or error)
            return
        less = less_to_load(slot, ending, gpus)
        if less is not None:
            slot.base, slot.lack = less, slot.lack or error
            with_what = told(less, slot.load, slot.said).removeprefix("alone, ")
            slot.why = f"{with_what}, since {slot.lack}"
            logger.warning("%s; it is tried again %s", error, with_what)
            return
        if gpus > 1:
            self._spread("cuda", gpus)
        self._leave_out(slot, slot.lack or error)

    def _leave_out(self, slot: Slot, error: AlternatorError) -> None:
        slot.base, slot.lack, slot.why = Less.NOTHING, None, str(error)
        slot.left_out_until = time.monotonic() + LEFT_OUT_SECONDS
        if all(other.left_out for other in self.all):
            for other in self.all:
                other.left_out_until = 0.0  # whoever comes next has a try
            self.fail(error)
        else:
            logger.error("device %s is left out for now: %s", slot.device, error)
