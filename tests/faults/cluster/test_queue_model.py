"""The queue on PostgreSQL, by chance: whatever order things happen in, and whoever dies.

Hypothesis draws what the processes of a cluster do, step by step. Never are two at one post, what a
worker that was believed dead does afterwards changes nothing, nothing that waits is without a job
once the queue was mended, and in the end everything is done and no job is left.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from alternator.config.database import DatabaseSettings
from alternator.queue.held_jobs import FINISH, RETRY
from alternator.store.cluster import Enrolled
from alternator.store.errands import Errand
from alternator.store.outcomes import Claim, Found, Outcome
from alternator.store.postgres.store import PostgresStore

POSTS = ("101", "102", "103")
KEYS = ("a", "b")
SILENT = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour' WHERE id = %s"
JOBS = "SELECT id, status FROM procrastinate_jobs ORDER BY id"
CLEARED = (
    "TRUNCATE account, attachment, errand, held, watched, procrastinate_jobs, "
    "procrastinate_workers RESTART IDENTITY CASCADE"
)


@dataclass(kw_only=True)
class AtWork:
    """A job that a worker took, and what it claimed of its post."""

    job: int
    worker: int
    post: str
    claim: Claim | None
    errand: int | None = None
    is_dead: bool = False


class Queue(RuleBasedStateMachine):
    """Three workers, one account."""

    store: PostgresStore
    connection: "psycopg.Connection[Any]"

    @initialize()
    def begin(self) -> None:
        self.ask(CLEARED)
        self.cluster = self.store.cluster
        self.state = self.store.use_account("https://one.example", "7")
        self.cluster.enrolment.enrol(Enrolled(key="config:a", source="config", server="x"))
        self.cluster.enrolment.bind("config:a", self.state.key, "ada@one.example")
        self.workers = [self.new_worker() for _ in range(3)]
        self.at_work: list[AtWork] = []
        self.known: set[tuple[str, str]] = set()

    def ask(self, query: str, *values: object, **named: object) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(query.encode(), named or values or None)
        return cursor.fetchall() if cursor.description else []

    def new_worker(self) -> int:
        return int(self.ask("SELECT procrastinate_register_worker_v1()")[0][0])

    @rule(
        post=st.sampled_from(POSTS),
        keys=st.sets(st.sampled_from(KEYS), min_size=1),
        speech=st.booleans(),
        old=st.booleans(),
    )
    def record(self, post: str, keys: set[str], speech: bool, old: bool) -> None:
        names = tuple(sorted(keys))
        found = Found(
            status_id=post, attachment_ids=names, backfill=old, speech=names if speech else ()
        )
        self.state.record([found])
        self.known |= {(post, key) for key in names}

    @rule(number=st.integers(0, 2))
    def take(self, number: int) -> None:
        self.taken(self.workers[number])

    def taken(self, worker: int) -> AtWork | None:
        (row,) = self.ask(
            "SELECT id, lock, task_name, args FROM procrastinate_fetch_job_v2(%s, %s)",
            ["vision", "speech"],
            worker,
        )
        if row[0] is None:
            return None
        post = row[1].partition(":")[2]
        assert not [one for one in self.at_work if one.post == post and not one.is_dead], post
        one = AtWork(job=row[0], worker=worker, post=post, claim=None)
        if row[2] == "alternator.errand":
            one.errand = row[3]["number"]
            claim = self.state.claim_of(post)
            if claim is not None:
                self.state.release(claim)
        else:
            one.claim = self.state.claim_of(post)
        self.at_work.append(one)
        return one

    def ended(self, one: AtWork, query: str = FINISH, **more: object) -> None:
        """End the job as a worker does: nothing happens to one that is not its own any more."""
        held = self.holds(one)
        before = self.ask(JOBS)
        found = self.ask(query, job_id=one.job, worker_id=one.worker, **more)
        assert bool(found) == held
        assert held or self.ask(JOBS) == before
        self.at_work.remove(one)

    def holds(self, one: AtWork) -> bool:
        return not one.is_dead or self.cluster.jobs.is_held(one.job, one.worker)

    @precondition(lambda self: self.at_work)
    @rule(
        data=st.data(),
        how=st.sampled_from(
            ["described", "left", "failed", "again", "released", "later", "heard", "put-back"]
        ),
    )
    def end_work(self, data: st.DataObject, how: str) -> None:
        one = data.draw(st.sampled_from(self.at_work))
        self.done(one, how)

    def done(self, one: AtWork, how: str) -> None:
        held = self.holds(one)
        before = self.rows()
        if one.errand is not None:
            # Asked for right before, as for every change (alternator/roles/desk.py).
            if held:
                self.state.errands.end(one.errand)
        elif one.claim is not None:
            self.wrote_down(one.claim, how)
        if not held and self.is_others(one):
            assert self.rows() == before, "what another holds was changed"
        self.ended(one, status="succeeded", delete_job=True)

    def wrote_down(self, claim: Claim, how: str) -> None:
        state = self.state
        match how:
            case "described" | "left" | "failed":
                state.finish(claim, [Outcome(attachment_id=k, state=how) for k in keys_of(claim)])
            case "again":
                again = [
                    Outcome(attachment_id=k, state="failed", retry_after=60.0, counts=False)
                    for k in keys_of(claim)
                ]
                state.finish(claim, again)
            case "released":
                state.release(claim)
            case "later":
                state.release(claim, wait=600.0)
            case "heard":
                state.release(claim, speech=keys_of(claim))
            case "put-back":
                state.put_back(claim)

    def is_others(self, one: AtWork) -> bool:
        """Whether another has claimed the post since."""
        return any(
            other.post == one.post and other.claim is not None and not other.is_dead
            for other in self.at_work
            if other is not one
        )

    def rows(self) -> list[tuple[Any, ...]]:
        return self.ask(
            "SELECT status_id, attachment_id, state, attempts, changed "
            "FROM attachment ORDER BY 1, 2"
        )

    @precondition(lambda self: any(not one.is_dead for one in self.at_work))
    @rule(data=st.data())
    def try_again(self, data: st.DataObject) -> None:
        """The database was gone for a moment: the job is tried again, its claim left behind."""
        one = data.draw(st.sampled_from([one for one in self.at_work if not one.is_dead]))
        self.ended(one, RETRY, seconds=0.0)

    @rule(number=st.integers(0, 2))
    def die(self, number: int) -> None:
        """A worker is silent for long; whether it is dead nobody knows."""
        for one in self.at_work:
            if one.worker == self.workers[number]:
                one.is_dead = True
        self.ask(SILENT, self.workers[number])
        self.workers[number] = self.new_worker()

    @rule()
    def mend(self) -> None:
        self.cluster.jobs.mend()
        if self.state.halted() is None and not self.paused():
            waits = self.ask("SELECT DISTINCT status_id FROM attachment WHERE state = 'waiting'")
            jobs = self.ask("SELECT split_part(lock, ':', 2) FROM procrastinate_jobs")
            assert {post for (post,) in waits} <= {post for (post,) in jobs}

    def paused(self) -> bool:
        return self.cluster.enrolment.all()[0].paused

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        self.cluster.enrolment.pause("config:a", paused)

    @rule()
    def halt(self) -> None:
        self.state.halt("it did harm")

    @rule()
    def resume(self) -> None:
        self.state.resume()

    @rule(post=st.sampled_from(POSTS))
    def retry(self, post: str) -> None:
        self.state.listing.retry(post)

    @rule(post=st.sampled_from(POSTS), key=st.sampled_from(KEYS))
    def errand(self, post: str, key: str) -> None:
        self.state.errands.ask(
            Errand(kind="rewrite", status_id=post, attachment_id=key, text="Other words")
        )

    @rule()
    def time_passes(self) -> None:
        self.all_due()

    def all_due(self) -> None:
        self.ask("UPDATE attachment SET not_before = alternator_now() WHERE state = 'waiting'")
        self.ask("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo'")

    @invariant()
    def never_two_at_one_post(self) -> None:
        if hasattr(self, "workers"):
            twice = self.ask(
                "SELECT lock FROM procrastinate_jobs WHERE status = 'doing' "
                "GROUP BY lock HAVING count(*) > 1"
            )
            assert twice == []

    def teardown(self) -> None:
        """Everybody comes back to their senses: all is done, and nothing is left."""
        if not hasattr(self, "workers"):
            return
        for number in range(3):
            self.die(number)
        self.at_work.clear()
        self.state.resume()
        self.pause(False)
        for _ in range(30):
            self.cluster.jobs.mend()
            # What a dead worker claimed is taken for left behind after a while.
            self.ask("UPDATE attachment SET changed = changed - 100 WHERE state = 'claimed'")
            self.all_due()
            while (one := self.taken(self.workers[0])) is not None:
                self.done(one, "described")
            if not self.ask("SELECT 1 FROM procrastinate_jobs") and not self.open():
                break
        assert self.ask("SELECT lock, status, task_name FROM procrastinate_jobs") == []
        assert self.open() == []
        assert {(post, key) for post, key, *_ in self.rows()} >= self.known

    def open(self) -> list[tuple[Any, ...]]:
        return self.ask(
            "SELECT status_id, state FROM attachment WHERE state IN ('waiting', 'claimed') "
            "UNION ALL SELECT status_id, 'errand' FROM errand WHERE ended IS NULL"
        )


def keys_of(claim: Claim) -> tuple[str, ...]:
    return claim.attachment_ids


@pytest.fixture
def store(database: DatabaseSettings) -> Iterator[PostgresStore]:
    with closing(PostgresStore(database, role="worker", shared=True)) as opened:
        yield opened


@pytest.fixture
def connection(database: DatabaseSettings) -> Iterator["psycopg.Connection[Any]"]:
    with psycopg.connect(database.url or "", autocommit=True) as opened:
        yield opened


@pytest.mark.parametrize("examples", [25])
def test_whatever_happens_all_is_done_once(
    store: PostgresStore, connection: "psycopg.Connection[Any]", examples: int
) -> None:
    chances = settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(
        type("Played", (Queue,), {"store": store, "connection": connection}), settings=chances
    )
