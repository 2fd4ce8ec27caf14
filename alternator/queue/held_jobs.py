"""Ends those jobs alone that are the worker's still, and frees those that it does not know of.

Procrastinate ends a job by its number, whoever has it by then: a worker that was believed dead, and
is not, would end what another has taken over, and with it the lock on the post. And it reckons when
a job is tried again by the clock of the worker's machine, which may be days ahead.

Where a connection breaks, the database may have handed out a job whose number never arrived, or not
have heard that one has ended. Such a job is ``doing`` by a worker whose heart beats, so that nobody
would ever free it: with each beat a worker frees what is its own by the database, and which it is
not at.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from alternator.store.postgres.jobs import FREE

log = logging.getLogger(__name__)

HELD = (
    "SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND worker_id = %(worker_id)s "
    "AND status = 'doing' FOR UPDATE"
)
FINISH = f"SELECT procrastinate_finish_job_v1(id, %(status)s, %(delete_job)s) FROM ({HELD}) AS held"
RETRY = (
    "SELECT procrastinate_retry_job_v2(id, now() + make_interval(secs => %(seconds)s), "
    f"NULL, NULL, NULL) FROM ({HELD}) AS held"
)
LOST = f"{FREE} AND worker_id = ANY(%(workers)s) AND NOT id = ANY(%(jobs)s) RETURNING lock"


@dataclass
class AtWork:
    """What a process is at: the numbers of its workers, one after the other, and of their jobs."""

    workers: set[int] = field(default_factory=set)
    jobs: set[int] = field(default_factory=set)


class HeldJobManager(JobManager):
    """``retry_seconds`` is how long a job waits that is tried again.

    ``at_work`` is the process's own: it outlives the worker that lost its connections. ``takes``
    says whether jobs of a queue are taken now.
    """

    def __init__(
        self,
        connector: Any,
        *,
        retry_seconds: float,
        at_work: AtWork,
        takes: Callable[[str], bool],
    ) -> None:
        super().__init__(connector)
        self._retry_seconds = retry_seconds
        self._at_work = at_work
        self._takes = takes
        # While a job is handed out, its number is not known here yet.
        self._handing_out = asyncio.Lock()

    async def register_worker(self) -> int:
        """A worker begins, and the one before it is at nothing any more."""
        worker = await super().register_worker()
        self._at_work.jobs.clear()
        await self._free_lost()
        self._at_work.workers = {worker}
        return worker

    async def update_heartbeat(self, worker_id: int) -> None:
        """A worker is there, and at those jobs alone that it knows of."""
        await super().update_heartbeat(worker_id)
        await self._free_lost()

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """The next job, which this worker is at from now on; None if there is none."""
        async with self._handing_out:
            wanted = [queue for queue in queues or () if self._takes(queue)]
            if not wanted:  # which Procrastinate would take for all of them
                return None
            job = await super().fetch_job(wanted, worker_id)
            if job is not None and job.id is not None:
                self._at_work.jobs.add(job.id)
            return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """A job has ended; nothing happens to one that is another's by now."""
        await self._end(job, FINISH, status=status.value, delete_job=delete_job)

    # size: as the one that it stands for.
    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """A job is tried again, a while from now."""
        await self._end(job, RETRY, seconds=self._retry_seconds)

    async def _end(self, job: Job, query: str, **values: Any) -> None:
        assert job.id is not None, "it was taken"
        try:
            found = await self.connector.execute_query_all_async(
                query=query, job_id=job.id, worker_id=job.worker_id, **values
            )
        finally:
            self._at_work.jobs.discard(job.id)
        if not found:
            log.info("the job of post %s is another worker's by now", job.lock)

    async def _free_lost(self) -> None:
        """Give back what this process has by the database, and is not at."""
        async with self._handing_out:
            rows = await self.connector.execute_query_all_async(
                query=LOST, workers=list(self._at_work.workers), jobs=list(self._at_work.jobs)
            )
        for row in rows:
            log.info("the job of post %s was lost with a connection, and is freed", row["lock"])
