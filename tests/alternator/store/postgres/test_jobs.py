"""The queue: what it tells of itself, and what is mended in it."""

from collections.abc import Callable

import pytest

from alternator.store.cluster import Enrolled
from alternator.store.errands import Errand
from alternator.store.outcomes import Found, to_retry
from alternator.store.postgres.cluster import PostgresCluster
from alternator.store.postgres.store import PostgresStore
from alternator.store.sql.state import SqlAccountState

Execute = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def state(shared: PostgresStore, cluster: PostgresCluster) -> SqlAccountState:
    """An account that somebody works for."""
    state = shared.use_account("https://one.example", "7")
    cluster.enrolment.enrol(Enrolled(key="config:a", source="config", server="https://one.example"))
    cluster.enrolment.bind("config:a", state.key, "ada@one.example")
    return state


@pytest.fixture
def execute(shared: PostgresStore) -> Execute:
    def executed(statement: str) -> list[tuple[object, ...]]:
        with shared.database.plain() as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    return executed


def post(status_id: str, *, speech: bool = False) -> Found:
    return Found(
        status_id=status_id,
        attachment_ids=("a",),
        backfill=False,
        speech=("a",) if speech else (),
    )


def jobs(execute: Execute) -> list[tuple[object, ...]]:
    return execute("SELECT lock, status::text, queue_name FROM procrastinate_jobs ORDER BY id")


def test_the_queues_tell_what_waits(cluster: PostgresCluster, state: SqlAccountState):
    state.record([post("1"), post("2"), post("3", speech=True)])
    claim = state.claim_of("2")
    assert claim is not None
    state.release(claim, wait=600.0)
    vision, speech = sorted(cluster.jobs.facts(), key=lambda one: one.queue, reverse=True)
    assert (vision.queue, vision.ready, vision.later, vision.doing) == ("vision", 1, 1, 0)
    assert (speech.queue, speech.ready, speech.later, speech.doing) == ("speech", 1, 0, 0)
    assert 0 <= vision.oldest < 60


def test_a_queue_without_jobs_is_told_too(cluster: PostgresCluster):
    assert [(one.queue, one.ready, one.oldest) for one in cluster.jobs.facts()] == [
        ("speech", 0, 0.0),
        ("vision", 0, 0.0),
    ]


def test_what_waits_and_lost_its_job_gets_one(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute
):
    state.record([post("1"), post("2")])
    assert cluster.jobs.mend() == 0
    execute("DELETE FROM procrastinate_jobs")
    assert cluster.jobs.mend() == 2
    assert {lock for lock, _, _ in jobs(execute)} == {f"{state.key}:1", f"{state.key}:2"}
    assert cluster.jobs.mend() == 0


@pytest.mark.parametrize("without", ["worker", "heartbeat"])
def test_a_job_of_a_worker_that_is_gone_is_freed(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute, without: str
):
    state.record([post("1")])
    execute("INSERT INTO procrastinate_workers DEFAULT VALUES")
    execute(
        "UPDATE procrastinate_jobs SET status = 'doing', "
        "worker_id = (SELECT id FROM procrastinate_workers)"
    )
    assert cluster.jobs.mend() == 0  # its worker lives
    if without == "worker":
        execute("DELETE FROM procrastinate_workers")
    else:
        execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 s'")
    assert cluster.jobs.mend() == 1
    assert jobs(execute) == [(f"{state.key}:1", "todo", "vision")]


def test_a_dead_job_of_an_account_that_left_goes_with_it(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute
):
    state.record([post("1")])
    execute("UPDATE procrastinate_jobs SET status = 'doing'")
    cluster.erase(state.key)
    execute("UPDATE procrastinate_jobs SET status = 'failed'")
    assert jobs(execute) == [(f"{state.key}:1", "failed", "vision")]
    cluster.jobs.mend()
    assert jobs(execute) == []


def test_a_claim_without_a_job_is_taken_up_after_a_while(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute
):
    state.record([post("1")])
    assert state.claim_of("1") is not None
    execute("DELETE FROM procrastinate_jobs")
    assert cluster.jobs.mend() == 0  # somebody may be at it
    execute("UPDATE attachment SET changed = changed - 61")
    assert cluster.jobs.mend() == 1
    assert state.claim_of("1") is not None


def test_an_errand_without_a_job_gets_one(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute
):
    assert state.errands.ask(Errand(kind="undo", status_id="1", attachment_id="a"))
    execute("DELETE FROM procrastinate_jobs")
    assert cluster.jobs.mend() == 1
    assert cluster.jobs.mend() == 0
    assert jobs(execute) == [(f"{state.key}:1", "todo", "vision")]


@pytest.mark.parametrize("nobody", ["paused", "withdrawn", "halted"])
def test_nothing_is_made_where_nobody_works(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute, nobody: str
):
    state.record([post("1")])
    execute("DELETE FROM procrastinate_jobs")
    match nobody:
        case "paused":
            cluster.enrolment.pause("config:a", paused=True)
        case "withdrawn":
            cluster.enrolment.withdraw("config:a")
        case "halted":
            state.halt("an edit did harm")
    assert cluster.jobs.mend() == 0
    assert not jobs(execute)


def test_going_on_makes_the_jobs(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute
):
    state.record([post("1")])
    cluster.enrolment.pause("config:a", paused=True)
    execute("DELETE FROM procrastinate_jobs")
    cluster.enrolment.pause("config:a", paused=False)
    assert jobs(execute) == [(f"{state.key}:1", "todo", "vision")]


def test_a_dead_job_waits_for_a_person(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute
):
    state.record([post("1")])
    execute("UPDATE procrastinate_jobs SET status = 'failed'")
    assert cluster.jobs.mend() == 0
    [dead] = cluster.jobs.dead()
    assert (dead.account, dead.status_id, dead.task) == (state.key, "1", "alternator.describe")
    assert cluster.jobs.retry(dead.id)
    assert jobs(execute) == [(f"{state.key}:1", "todo", "vision")]
    assert not cluster.jobs.dead()
    assert not cluster.jobs.retry(dead.id)


def test_what_no_engine_could_hear_is_due_once_one_can(
    cluster: PostgresCluster, state: SqlAccountState, execute: Execute
):
    state.record([post(n, speech=True) for n in "1234"] + [post("5")])
    for number in "125":  # their engine, or endpoint, was away
        claim = state.claim_of(number)
        assert claim is not None
        state.finish(claim, [to_retry("a", "it is away", counts=False)])
    counted = state.claim_of("3")  # the file's own
    put_back = state.claim_of("4")  # the post's server
    assert counted is not None and put_back is not None
    state.finish(counted, [to_retry("a", "it died")])
    state.put_back(put_back)
    assert cluster.jobs.hurry_speech() == 2
    due = "SELECT lock FROM procrastinate_jobs WHERE scheduled_at <= now() ORDER BY lock"
    assert execute(due) == [(f"{state.key}:1",), (f"{state.key}:2",)]
    assert execute("SELECT sum(attempts) FROM attachment WHERE status_id IN ('1', '2')") == [(0,)]
    assert cluster.jobs.hurry_speech() == 0
