"""Hands requests to workers, and their answers to whoever asked.

One thread keeps all of this: it takes messages (what was submitted and cancelled, what the workers
say) one after the other, so nothing here needs a lock. It never waits for a worker. Where requests
go is decided in ``_dispatch``; what becomes of those whose worker ended, in ``casualties.py``; what
is loaded, in ``places.py``.
"""

import bisect
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import assert_never

from alternator.errors import AlternatorError, OutOfMemoryError, WorkerError
from alternator.speech.engines.engine import Done, Failed, Progressed, Said, SegmentFound
from alternator.speech.worker.casualties import Casualties
from alternator.speech.worker.held import Lost
from alternator.speech.worker.job import Job
from alternator.speech.worker.patience import TICK_SECONDS
from alternator.speech.worker.places import Places
from alternator.speech.worker.protocol import Answer, Load, Started
from alternator.speech.worker.slot import Slot, Start
from alternator.speech.worker.time_limit import TimeLimits

logger = logging.getLogger(__name__)

CLOSED = "the transcriber is closed"


class _Box:
    """A request's mailbox at a worker: what is put there is a message for the pool's thread."""

    def __init__(self, post: Callable[[Callable[[], None]], None], tell: Callable[..., None]):
        self._post, self._tell = post, tell

    def put(self, item: Answer | Lost, /) -> None:
        self._post(lambda: self._tell(item))


class Pool:
    """Workers for one model. Any thread may call what has no underscore in front.

    ``workers``: how many at most; 0: one for each GPU, or one on the CPU. One at rest for
    ``idle_seconds`` is unloaded; 0: never.
    """

    def __init__(
        self,
        load: Load,
        start: Start,
        *,
        workers: int = 0,
        idle_seconds: float = 0.0,
        limits: TimeLimits = TimeLimits(),  # noqa: B008  # frozen: sharing it is safe
    ) -> None:
        self._idle_seconds = idle_seconds
        self._limits = limits
        self._waiting: list[Job] = []  # in the order of their turn
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._casualties = Casualties(self._wait_again)
        self._places = Places(
            load,
            start,
            workers=workers,
            waiting=self._waiting,
            casualties=self._casualties,
            fail_all=self._fail_waiting,
            post=self._inbox.put,
        )
        self._door = threading.Lock()  # guards the next two
        self._open = True
        self._thread: threading.Thread | None = None

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The places as they are now, to look at."""
        return tuple(self._places.all)

    @property
    def waiting(self) -> int:
        """How many requests no worker has yet."""
        return len(self._waiting)

    def submit(self, job: Job) -> None:
        """Have it transcribed. WorkerError once this is closed."""
        self._post(lambda: self._wait_again(job))

    def cancel(self, job: Job) -> None:
        """It is not wanted any more. Nothing happens if its answer is on its way."""
        with self._door:
            if self._open:
                self._inbox.put(lambda: self._cancel(job))

    def start(self) -> "Future[None]":
        """Have a model loaded: done when it is, or with the error that was met."""
        loaded: Future[None] = Future()
        self._post(lambda: self._places.begin(loaded))
        return loaded

    def close(self) -> None:
        """End all workers, also in the middle of a file: what they hold, and what waits, fails."""
        with self._door:
            self._open, was_open = False, self._open
            if was_open:
                self._inbox.put(self._close)
        if self._thread is not None:
            self._thread.join()

    def _post(self, message: Callable[[], None]) -> None:
        with self._door:
            if not self._open:
                raise WorkerError(CLOSED)
            self._inbox.put(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="transcriber", daemon=True)
                self._thread.start()

    # From here on all is the pool's thread's.

    def _run(self) -> None:
        ticked = time.monotonic()
        while self._open or not self._inbox.empty():
            try:
                with suppress(queue.Empty):
                    self._inbox.get(timeout=None if self._places.empty else TICK_SECONDS)()
                if self._open:
                    self._dispatch()
                if self._open and time.monotonic() - ticked >= TICK_SECONDS:
                    ticked = time.monotonic()
                    self._tick()
            except Exception as error:
                # A defect of ours must leave nobody waiting for ever.
                logger.exception("handing out work to the workers failed")
                self._places.fail(WorkerError(f"unexpected {type(error).__name__}: {error}"))

    def _wait_again(self, job: Job) -> None:
        """It waits, at its place in the order of submission, behind those that are urgent.

        One that came to grief more than once goes behind all that wait now: it costs them a worker.
        """
        if job.tries > 1 and self._waiting:
            job.number = max(job.number, self._waiting[-1].number)
        bisect.insort(self._waiting, job, key=Job.turn)

    def _cancel(self, job: Job) -> None:
        job.cancelled = True
        if job in self._waiting:
            self._waiting.remove(job)
            job.fail(WorkerError("it was cancelled"))
        for slot in self._places.all:
            if job.id in slot.jobs and slot.process is not None:
                slot.process.cancel(job.id)

    def _dispatch(self) -> None:
        """Give each request that waits the place that suits it best, in their order.

        A place that is needed by a request to be tried alone takes no others meanwhile.
        """
        kept: set[Slot] = set()
        for job in tuple(self._waiting):
            slots = [slot for slot in self._places.all if not slot.left_out and slot not in kept]
            offers = {slot: slot.offer(job) for slot in slots}
            closed = [slot for slot in slots if offers[slot] == "start"]
            free = [slot for slot in slots if offers[slot] == "take"]
            wrong = [slot for slot in slots if offers[slot] == "replace"]
            if free:
                best = min(free, key=lambda slot: len(slot.jobs))
                self._hand_over(job, best)
                if closed and len(best.jobs) > 1:
                    self._places.load(closed[0], closed[0].base)
            elif closed:
                kept.add(closed[0])
                self._places.load(closed[0], closed[0].needed(job))
            elif wrong:
                kept.add(wrong[0])
                if wrong[0].state == "hung":
                    logger.warning("a speech worker hangs at rest; another takes its place")
                wrong[0].leave(WorkerError("another worker takes its place"))
            elif job.need and slots:
                kept.add(min(slots, key=lambda slot: len(slot.jobs)))
            else:
                return  # those behind it are offered no more

    def _hand_over(self, job: Job, slot: Slot) -> None:
        assert slot.process is not None, "it has room"
        self._waiting.remove(job)
        job.begun, job.spent, job.seconds = False, 0.0, None
        slot.jobs[job.id] = job
        box = _Box(self._inbox.put, lambda news: self._told(slot, job, news))
        slot.process.submit(job.request, box)

    def _told(self, slot: Slot, job: Job, news: Answer | Lost) -> None:
        """A worker said something about a request, or is over without a last word about it."""
        match news:
            case Lost() | Done() | Failed():
                del slot.jobs[job.id]
                slot.rests_since = time.monotonic()
                self._over(slot, job, news)
                return
            case Progressed():
                job.seconds = news.total
            case Started():
                job.begun = True
            case SegmentFound() | Said():
                pass
            case _:
                assert_never(news)
        job.tell(news)

    def _over(self, slot: Slot, job: Job, news: Lost | Done | Failed) -> None:
        match news:
            case Lost():
                if self._open:
                    self._casualties.lost(slot, job, news)
                else:
                    job.fail(news.ending.error)
            case Failed():
                if isinstance(news.error, OutOfMemoryError) and self._open and not job.cancelled:
                    self._casualties.out_of_memory(slot, job, news.error)
                else:
                    job.fail(job.late or news.error)
            case Done():
                job.tell(news)
            case _:
                assert_never(news)

    def _fail_waiting(self, error: AlternatorError) -> None:
        waiting = tuple(self._waiting)
        self._waiting.clear()
        for job in waiting:
            job.fail(error)

    def _tick(self) -> None:
        """Twice a second: whose time is over, and which worker has nothing to do."""
        for slot in self._places.all:
            self._limits.look_at(slot)
        if self._idle_seconds and not self._waiting:
            self._places.unload_at_rest(self._idle_seconds)

    def _close(self) -> None:
        why = WorkerError("the transcriber was closed")
        self._places.fail(why)
        self._places.close(why)
