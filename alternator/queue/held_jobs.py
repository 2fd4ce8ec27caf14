"""Ends those jobs alone that are the worker's still, by the database's clock.

Procrastinate ends a job by its number, whoever has it by then: a worker that was believed dead, and
is not, would end what another has taken over, and with it the lock on the post. And it reckons when
a job is tried again by the clock of the worker's machine, which may be days ahead.
"""

import logging
from datetime import datetime
from typing import Any

from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

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


class HeldJobManager(JobManager):
    """``retry_seconds`` is how long a job waits that is tried again."""

    def __init__(self, connector: Any, *, retry_seconds: float) -> None:
        super().__init__(connector)
        self._retry_seconds = retry_seconds

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
        found = await self.connector.execute_query_all_async(
            query=query, job_id=job.id, worker_id=job.worker_id, **values
        )
        if not found:
            log.info("the job of post %s is another worker's by now", job.lock)
