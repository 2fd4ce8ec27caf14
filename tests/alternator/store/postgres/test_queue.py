"""The whole queue as it follows the tables: the trigger that makes jobs."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
import pytest
from clock import Clock

from alternator.config.database import DatabaseSettings
from alternator.store.cluster import Enrolled
from alternator.store.errands import Errand
from alternator.store.interface import AccountState
from alternator.store.outcomes import LONGEST_WAIT_SECONDS, Claim, Found, Outcome, to_retry
from alternator.store.postgres.store import PostgresStore

JOBS = (
    "SELECT task_name, lock, args, queue_name, priority, "
    "extract(epoch FROM scheduled_at)::double precision, status::text "
    "FROM procrastinate_jobs ORDER BY id"
)
DESCRIBED = [Outcome(attachment_id="51", state="described")]


@pytest.fixture
def store(database: DatabaseSettings, clock: Clock) -> Iterator[PostgresStore]:
    with closing(PostgresStore(database, role="test", shared=True, clock=clock)) as store:
        yield store


@pytest.fixture
def state(store: PostgresStore) -> AccountState:
    """An account that somebody works for."""
    state = store.use_account("https://social.example", "7")
    entry = Enrolled(key="config:a", source="config", server="https://social.example")
    store.cluster.enrolment.enrol(entry)
    store.cluster.enrolment.bind(entry.key, state.key, "ada@social.example")
    return state


@pytest.fixture
def db(database: DatabaseSettings) -> Iterator["psycopg.Connection[Any]"]:
    assert database.url is not None
    with psycopg.connect(database.url, autocommit=True) as connection:
        yield connection


def found(status_id: str, *keys: str, backfill: bool = False, speech: bool = False) -> Found:
    return Found(
        status_id=status_id,
        attachment_ids=keys,
        backfill=backfill,
        speech=keys if speech else (),
    )


def jobs(db: "psycopg.Connection[Any]") -> list[tuple[Any, ...]]:
    return db.execute(JOBS).fetchall()


def fetched(db: "psycopg.Connection[Any]") -> int:
    """The number of the job that a worker takes, as Procrastinate does; 0 for none."""
    row = db.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, NULL)").fetchone()
    assert row is not None
    return row[0] or 0


def ended(db: "psycopg.Connection[Any]", job: int) -> None:
    db.execute("SELECT procrastinate_finish_job_v1(%s, 'succeeded', true)", (job,))


def claimed(state: AccountState, status_id: str) -> Claim:
    claim = state.claim_of(status_id)
    assert claim is not None
    return claim


def test_a_post_that_waits_has_one_job(state: AccountState, clock: Clock, db: Any):
    state.record([found("5", "51", "52")])
    state.record([found("5", "53")])
    (job,) = jobs(db)
    assert job == (
        "alternator.describe",
        f"{state.key}:5",
        {"account": state.key, "status_id": "5"},
        "vision",
        1000,
        clock.now,
        "todo",
    )


def test_one_that_is_worked_on_has_none_until_it_waits_again(
    state: AccountState, clock: Clock, db: Any
):
    state.record([found("5", "51")])
    job = fetched(db)
    claim = claimed(state, "5")
    assert [one[-1] for one in jobs(db)] == ["doing"]
    state.finish(claim, [to_retry("51", "busy")])
    again = jobs(db)[-1]
    assert (again[5], again[-1]) == (clock.now + 60, "todo")
    assert fetched(db) == 0  # the post's lock is held
    ended(db, job)
    assert len(jobs(db)) == 1
    clock.now += 60
    assert fetched(db) != 0
    state.finish(claimed(state, "5"), DESCRIBED)
    assert [one[-1] for one in jobs(db)] == ["doing"]


def test_the_job_goes_where_the_queue_is_read_without_it(state: AccountState, db: Any):
    state.record([found("5", "51"), found("6", "61")])
    claim = state.claim()
    assert claim is not None and claim.status_id == "6"
    assert [one[1] for one in jobs(db)] == [f"{state.key}:5"]
    state.release(claim, wait=30.0)
    assert len(jobs(db)) == 2


def test_it_is_due_when_the_first_of_the_post_is(state: AccountState, clock: Clock, db: Any):
    began = clock.now
    state.record([found("5", "51")])
    state.release(claimed(state, "5"), wait=300.0)
    assert [one[5] for one in jobs(db)] == [began + 300]
    state.record([found("5", "52")])
    assert [one[5] for one in jobs(db)] == [began]
    claim = claimed(state, "5")
    assert claim.attachment_ids == ("52",)
    assert [one[5] for one in jobs(db)] == [began + 300]
    assert state.due_of("5") == began + 300


def test_what_is_made_due_is_moved_and_told(state: AccountState, clock: Clock, db: Any):
    state.record([found("5", "51")])
    state.put_back(claimed(state, "5"))
    moved = clock.now + 5
    assert [one[5] for one in jobs(db)] == [moved]
    db.execute('LISTEN "procrastinate_any_queue_v1"')
    clock.now += 1
    state.make_due()
    assert [one[5] for one in jobs(db)] == [clock.now]
    told = list(db.notifies(timeout=5, stop_after=1))
    assert '"job_inserted"' in told[0].payload


def test_accounts_take_turns_and_new_posts_go_first(
    store: PostgresStore, state: AccountState, db: Any
):
    other = store.use_account("https://social.example", "8")
    state.record([found("1", "11", backfill=True), found("2", "21", backfill=True)])
    state.record([found("3", "31"), found("4", "41")])
    other.record([found("5", "51")])
    assert {one[1]: one[4] for one in jobs(db)} == {
        f"{state.key}:1": 0,
        f"{state.key}:2": -1,
        f"{state.key}:3": 998,
        f"{state.key}:4": 997,
        f"{other.key}:5": 1000,
    }
    state.record([found(str(number), "a", backfill=True) for number in range(100, 220)])
    assert min(one[4] for one in jobs(db)) == -100


def test_a_new_attachment_makes_an_old_post_a_new_one(state: AccountState, db: Any):
    state.record([found("5", "51", backfill=True)])
    state.record([found("5", "52")])
    (job,) = jobs(db)
    assert job[4] == 999


def test_speech_moves_it_to_the_other_queue(state: AccountState, db: Any):
    state.record([found("5", "51"), found("6", "61", speech=True)])
    assert [one[3] for one in jobs(db)] == ["vision", "speech"]
    claim = claimed(state, "5")
    state.release(claim, speech=["51"])
    assert {one[1]: one[3] for one in jobs(db)}[f"{state.key}:5"] == "speech"
    state.finish(claimed(state, "6"), [Outcome(attachment_id="61", state="described")])
    state.record([found("6", "62")])
    assert {one[1]: one[3] for one in jobs(db)}[f"{state.key}:6"] == "vision"


def test_a_wait_that_a_wrong_clock_wrote_is_none(state: AccountState, db: Any):
    state.record([found("5", "51")])
    db.execute("UPDATE attachment SET not_before = 1e11")
    (late,) = db.execute("SELECT scheduled_at > clock_timestamp() FROM procrastinate_jobs")
    assert late == (False,)


def test_a_post_that_was_left_alone_by_its_job_is_not_forgotten(
    state: AccountState, clock: Clock, db: Any
):
    state.record([found("5", "51")])
    assert state.history.begin_undo("5", ["52"], alone=False)
    job = fetched(db)
    assert state.claim_of("5") is None  # an undo is at work on it
    ended(db, job)
    seconds = "extract(epoch FROM scheduled_at - clock_timestamp())"
    (again,) = db.execute(f"SELECT {seconds} BETWEEN 10 AND 15 FROM procrastinate_jobs")
    assert again == (True,)
    state.halt("post 4 lost its text")
    db.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    (number,) = db.execute("SELECT id FROM procrastinate_jobs").fetchone()
    ended(db, number)
    (again,) = db.execute(f"SELECT {seconds} BETWEEN 500 AND 600 FROM procrastinate_jobs")
    assert again == (True,)
    state.resume()
    assert [one[5] for one in jobs(db)] == [clock.now]


def test_what_a_dead_worker_left_is_taken_by_the_next(state: AccountState, clock: Clock, db: Any):
    state.record([found("5", "51", "52")])
    first = claimed(state, "5")
    clock.now += 30
    second = claimed(state, "5")
    assert second.attachment_ids == ("51", "52")
    state.finish(first, DESCRIBED)  # it lives after all, and its claim is over
    assert state.counts() == {"claimed": 2}


def test_an_errand_has_a_job_of_its_own(state: AccountState, db: Any):
    errand = Errand(kind="undo", status_id="5", attachment_id="51")
    assert state.errands.ask(errand) and not state.errands.ask(errand)
    (job,) = jobs(db)
    kept = state.errands.next()
    assert kept is not None
    assert job[:5] == (
        "alternator.errand",
        f"{state.key}:5",
        {"account": state.key, "number": kept.number},
        "vision",
        2000,
    )
    number = fetched(db)
    state.errands.begin(kept.number)
    ended(db, number)
    assert len(jobs(db)) == 1  # it has not ended
    state.errands.end(kept.number)
    assert jobs(db) == []


@contextmanager
def in_transaction(database: DatabaseSettings) -> Iterator["psycopg.Connection[Any]"]:
    assert database.url is not None
    with psycopg.connect(database.url) as connection:
        yield connection
        connection.rollback()


def test_two_that_change_a_post_at_once_leave_it_one_job(
    state: AccountState, database: DatabaseSettings, db: Any
):
    """One takes what waits, and with it the job, while another adds an attachment."""
    state.record([found("5", "51")])
    add = (
        "INSERT INTO attachment (account, status_id, attachment_id, state, backfill, not_before, "
        "found, changed) VALUES (%s, '5', '52', 'waiting', 0, 0, 0, 0)"
    )
    with in_transaction(database) as adding, in_transaction(database) as taking:
        adding.execute(add, (state.key,))
        taking.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            taking.execute("UPDATE attachment SET state = 'claimed' WHERE attachment_id = '51'")
        adding.commit()
    db.execute("UPDATE attachment SET state = 'claimed' WHERE attachment_id = '51'")
    assert len(jobs(db)) == 1


def test_what_an_account_takes_with_it_has_no_job_any_more(state: AccountState, db: Any):
    state.record([found("5", "51"), found("6", "61")])
    state.errands.ask(Errand(kind="undo", status_id="7", attachment_id="71"))
    db.execute("DELETE FROM account")
    assert jobs(db) == []


def test_the_longest_wait_of_a_clock_a_little_ahead_is_no_wrong_one(
    state: AccountState, clock: Clock, db: Any
):
    clock.now = time.time() + 5
    state.record([found("5", "51")])
    state.release(claimed(state, "5"), wait=LONGEST_WAIT_SECONDS)
    (waits,) = db.execute("SELECT scheduled_at > now() + '11 hours' FROM procrastinate_jobs")
    assert waits == (True,)
    clock.now -= 10
    assert state.claim_of("5") is None
