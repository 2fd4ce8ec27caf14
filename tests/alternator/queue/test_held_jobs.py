"""What becomes of a job where the connection breaks that it is handed out or ended by."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from procrastinate import PsycopgConnector
from procrastinate.jobs import Status

from alternator.config.database import DatabaseSettings
from alternator.queue.held_jobs import AtWork, HeldJobManager
from alternator.store.postgres.address import address_of

QUEUES = ["vision"]


class Breaking(PsycopgConnector):
    """Loses an answer: what was asked for is carried out, and nobody hears of it."""

    loses = ""  # of the statement that this is part of, once

    async def execute_query_one_async(self, query: str, **arguments: Any) -> dict[str, Any]:
        return self._lost(query, await super().execute_query_one_async(query, **arguments))

    async def execute_query_all_async(self, query: str, **arguments: Any) -> list[dict[str, Any]]:
        if self._is_lost(query):
            raise psycopg.OperationalError("the connection is closed")
        return await super().execute_query_all_async(query, **arguments)

    def _is_lost(self, query: str) -> bool:
        lost = bool(self.loses) and self.loses in query
        if lost:
            self.loses = ""
        return lost

    def _lost(self, query: str, answer: dict[str, Any]) -> dict[str, Any]:
        if self._is_lost(query):
            raise psycopg.OperationalError("the connection is closed")
        return answer


class Queue:
    """One job, and a process that takes it."""

    def __init__(self, connector: Breaking) -> None:
        self.connector = connector
        self.at_work = AtWork()
        self.takes = list(QUEUES)
        self.manager = self.another()

    def another(self) -> HeldJobManager:
        """The manager of the process's next worker."""
        return HeldJobManager(
            self.connector, retry_seconds=5, at_work=self.at_work, takes=self.takes.__contains__
        )

    async def add(self) -> None:
        """Make the job."""
        await self.connector.execute_query_async(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, lock) "
            "VALUES ('vision', 'alternator.describe', '1:5')"
        )

    async def states(self) -> list[tuple[str, int]]:
        """Of each job, and how often it was tried."""
        rows = await self.connector.execute_query_all_async(
            "SELECT status::text AS status, attempts FROM procrastinate_jobs ORDER BY id"
        )
        return [(row["status"], row["attempts"]) for row in rows]


Try = Callable[[Queue], Awaitable[None]]


@pytest.fixture
def tried(database: DatabaseSettings) -> Callable[[Try], None]:
    """Runs a try with a queue of one job."""

    def run(body: Try) -> None:
        async def whole() -> None:
            connector = Breaking(kwargs=dict(address_of(database, "test").parameters))
            await connector.open_async()
            try:
                queue = Queue(connector)
                await queue.add()
                await body(queue)
            finally:
                await connector.close_async()

        asyncio.run(whole())

    return run


def test_a_job_whose_number_never_arrived_is_freed(tried: Callable[[Try], None]):
    async def body(queue: Queue) -> None:
        worker = await queue.manager.register_worker()
        queue.connector.loses = "procrastinate_fetch_job"
        with pytest.raises(psycopg.OperationalError):
            await queue.manager.fetch_job(QUEUES, worker)
        assert await queue.states() == [("doing", 0)]
        await queue.manager.update_heartbeat(worker)
        assert await queue.states() == [("todo", 1)]
        assert await queue.manager.fetch_job(QUEUES, worker) is not None

    tried(body)


def test_a_job_whose_end_was_not_heard_is_freed(tried: Callable[[Try], None]):
    async def body(queue: Queue) -> None:
        worker = await queue.manager.register_worker()
        job = await queue.manager.fetch_job(QUEUES, worker)
        assert job is not None
        queue.connector.loses = "procrastinate_finish_job"
        with pytest.raises(psycopg.OperationalError):
            await queue.manager.finish_job(job, Status.SUCCEEDED, delete_job=True)
        assert await queue.states() == [("doing", 0)]
        await queue.manager.update_heartbeat(worker)
        assert await queue.states() == [("todo", 1)]

    tried(body)


def test_a_job_that_is_under_way_is_not_freed(tried: Callable[[Try], None]):
    async def body(queue: Queue) -> None:
        worker = await queue.manager.register_worker()
        job = await queue.manager.fetch_job(QUEUES, worker)
        assert job is not None
        await queue.manager.update_heartbeat(worker)
        assert await queue.states() == [("doing", 0)]
        await queue.manager.retry_job(job)
        assert await queue.states() == [("todo", 1)]

    tried(body)


def test_the_next_worker_of_a_process_frees_what_the_one_before_had(
    tried: Callable[[Try], None],
):
    async def body(queue: Queue) -> None:
        worker = await queue.manager.register_worker()
        assert await queue.manager.fetch_job(QUEUES, worker) is not None
        await queue.another().register_worker()
        assert await queue.states() == [("todo", 1)]

    tried(body)


def test_what_another_process_has_is_left_to_it(tried: Callable[[Try], None]):
    async def body(queue: Queue) -> None:
        worker = await queue.manager.register_worker()
        assert await queue.manager.fetch_job(QUEUES, worker) is not None
        other = Queue(queue.connector)
        beside = await other.manager.register_worker()
        await other.manager.update_heartbeat(beside)
        assert await queue.states() == [("doing", 0)]

    tried(body)


def test_a_queue_whose_jobs_are_not_taken_now_keeps_them(tried: Callable[[Try], None]):
    async def body(queue: Queue) -> None:
        worker = await queue.manager.register_worker()
        for takes in (["speech"], []):
            queue.takes[:] = takes
            assert await queue.manager.fetch_job(["vision", "speech"], worker) is None
            assert await queue.states() == [("todo", 0)]
        queue.takes[:] = ["vision"]
        assert await queue.manager.fetch_job(["vision", "speech"], worker) is not None

    tried(body)
