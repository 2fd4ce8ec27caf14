"""Takes jobs from the queue and has them done in threads, for as long as the worker lives.

Procrastinate's worker runs in an event loop of its own thread; each job is done in another thread,
which may hang in a request: then it is left behind at the end, and its post given back. Where the
database goes away, that worker ends; another is begun once it is back, and frees the jobs that
stayed ``doing`` under the name of the one before it (``held_jobs.py``). Those of a process that
died are freed once it was silent for ``GONE_SECONDS`` (``alternator.store.cluster.Jobs.mend``):
never by asking whether an id is still there, since ids of workers may come again
(https://github.com/procrastinate-org/procrastinate/issues/1518).
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from alternator.errors import AlternatorError, TemporaryStateError
from alternator.log import Thread
from alternator.queue.held import Job, at_hand
from alternator.queue.names import DESCRIBE, ERRAND
from alternator.stopping import Stop, Stopping
from alternator.store.cluster import GONE_SECONDS

if TYPE_CHECKING:
    from procrastinate import App, JobContext

    from alternator.queue.held_jobs import AtWork

log = logging.getLogger(__name__)
# What is to be said is said here and by the store, in a line; Procrastinate adds a trace to each.
logging.getLogger("procrastinate").setLevel(logging.CRITICAL)

HEARTBEAT_SECONDS = 10.0
# A job that becomes due later is not announced: it is looked for as often as this.
POLL_SECONDS = 2.0
# How long jobs have to end once the end is asked for.
GRACE_SECONDS = 8.0
LONGEST_PAUSE_SECONDS = 15.0
# Of a job that the database was gone for: until the next try.
GONE_RETRY_SECONDS = 5
# Procrastinate's own connections beside that of the listener: fetch, finish, heartbeat.
CONNECTIONS = 4


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """What is done for a job; TemporaryStateError while the database is gone.

    ``abandon`` gives a post back whose job does not end in time; ``takes`` says whether jobs of a
    queue are taken now.
    """

    describe: Callable[[int, str], None]
    errand: Callable[[int, int], None]
    abandon: Callable[[int, str], None]
    takes: Callable[[str], bool]


@dataclass(frozen=True, kw_only=True)
class Taking:
    """Where jobs are taken from, and how many at once. ``connect`` are libpq's parameters."""

    connect: Mapping[str, Any] = field(repr=False)
    queues: Sequence[str]
    concurrency: int
    name: str


class QueueThread:
    """The thread that takes jobs."""

    def __init__(self, taking: Taking, tasks: Tasks, stop: Stop) -> None:
        self._taking = taking
        self._tasks = tasks
        self._stop = stop
        self._thread = Thread(target=self._run, name="queue")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: asyncio.Task[None] | None = None
        self.under_way = 0  # jobs
        self.taking = False  # whether the queue can be reached

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def end(self) -> None:
        """Take no more jobs; those under way have some seconds to end."""
        loop, worker = self._loop, self._worker
        if loop is not None and worker is not None and not loop.is_closed():
            loop.call_soon_threadsafe(worker.cancel)
        self._thread.join(GRACE_SECONDS + 2)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._loop.set_exception_handler(unheard)
            try:
                runner.run(self._take())
            except asyncio.CancelledError:
                return

    async def _take(self) -> None:
        """Take jobs until the end is asked for, whatever becomes of the database."""
        self._worker = asyncio.current_task()
        from alternator.queue.held_jobs import AtWork

        pause, told, at_work = 1.0, "", AtWork()
        while not self._stop.requested:
            try:
                app = self._app(at_work)
                async with app.open_async():
                    self.taking, pause, told = True, 1.0, ""
                    await app.run_worker_async(
                        queues=list(self._taking.queues),
                        name=self._taking.name,
                        concurrency=self._taking.concurrency,
                        fetch_job_polling_interval=POLL_SECONDS,
                        shutdown_graceful_timeout=GRACE_SECONDS,
                        delete_jobs="successful",
                        install_signal_handlers=False,
                        update_heartbeat_interval=HEARTBEAT_SECONDS,
                        stalled_worker_timeout=GONE_SECONDS,
                    )
                if not self._stop.requested:
                    log.info("the queue's connections were lost, and are made anew")
            except Exception as error:  # noqa: BLE001 - logged; the worker must go on
                words = one_line(error)
                log.log(
                    logging.DEBUG if words == told else logging.ERROR,
                    "the queue can't be reached, it is tried again: %s",
                    words,
                )
                told = words
            finally:
                self.taking = False
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def _app(self, at_work: "AtWork") -> "App":
        from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy

        from alternator.queue.held_jobs import HeldJobManager

        connector = PsycopgConnector(
            min_size=1,
            max_size=CONNECTIONS,
            kwargs=dict(self._taking.connect),
        )
        app = App(connector=connector)
        app.job_manager = HeldJobManager(
            connector,
            retry_seconds=GONE_RETRY_SECONDS,
            at_work=at_work,
            takes=self._tasks.takes,
        )
        # Only what a lost database cut short; all else is tried again as the state says.
        retry = RetryStrategy(max_attempts=10_000, retry_exceptions={TemporaryStateError})

        async def describe(context: JobContext, account: int, status_id: str) -> None:
            try:
                await self._done(context, lambda: self._tasks.describe(account, status_id))
            except asyncio.CancelledError:  # the end was asked for, and did not come in time
                self._tasks.abandon(account, status_id)

        async def errand(context: JobContext, account: int, number: int) -> None:
            try:
                await self._done(context, lambda: self._tasks.errand(account, number))
            except asyncio.CancelledError:  # as above: an aborted job would stay there for ever
                raise TemporaryStateError("the end was asked for") from None

        app.task(name=DESCRIBE, retry=retry, pass_context=True)(describe)
        app.task(name=ERRAND, retry=retry, pass_context=True)(errand)
        return app

    async def _done(self, context: "JobContext", work: Callable[[], None]) -> None:
        """Do a job in a thread of its own. One that is broken off has given its post back."""
        job = context.job
        assert job.id is not None and job.worker_id is not None, "it was taken"
        mine = Job(id=job.id, worker_id=job.worker_id)
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def tell(error: Exception | None) -> None:
            if ended.done():
                return  # nobody waits any more
            if error is None:
                ended.set_result(None)
            else:
                ended.set_exception(error)

        def run() -> None:
            error: Exception | None = None
            try:
                with at_hand(mine):
                    work()
            except Stopping:
                pass
            except AlternatorError as found:
                log.debug("the job of post %s is not done: %s", job.lock, found)
                error = found
            except Exception as found:
                log.exception("the job of post %s failed for a defect of ours", job.lock)
                error = found
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(tell, error)

        self.under_way += 1
        try:
            Thread(target=run, name="job").start()
            await ended
        finally:
            self.under_way -= 1


def unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An error that nobody waits for: of a job whose end could not be told a lost database, say."""
    error = context.get("exception")
    words = context.get("message") if error is None else one_line(error)
    log.debug("in the queue: %s", words)


def one_line(error: BaseException) -> str:
    """What an error says, or the one behind it: Procrastinate's own say nothing."""
    first = error.__cause__ or error
    said = str(first).strip().partition("\n")[0]
    return f"{type(first).__name__}: {said}"
