"""The queue, to look at and to mend: Procrastinate's tables.

What Procrastinate leaves to its users is done here: a job whose worker is gone stays ``doing`` for
ever (https://github.com/procrastinate-org/procrastinate/issues/1518), so it is freed once its
worker was silent for ``GONE_SECONDS``. And should what waits ever have no job, it gets one.
"""

from collections.abc import Sequence

from alternator.store.cluster import GONE_SECONDS
from alternator.store.jobs import DeadJob, QueueFacts
from alternator.store.postgres.database import Database
from alternator.store.postgres.guard import OURS

# The number of our advisory lock (guard.py) under which the queue is mended.
MENDING = 4
MOST_MENDED = 1000  # at once; the rest the next time
# What is claimed for so long without a job that is under way was left behind.
CLAIMED_SECONDS = 60.0
QUEUES = ("speech", "vision")

# A job that nobody is at may be taken again; that counts as a try. More conditions follow.
FREE = (
    "UPDATE procrastinate_jobs SET status = 'todo', worker_id = NULL, scheduled_at = now(), "
    "attempts = attempts + 1, abort_requested = false WHERE status = 'doing'"
)
FREED = f"""
{FREE} AND task_name LIKE 'alternator.%%' AND (worker_id IS NULL OR worker_id IN (
    SELECT id FROM procrastinate_workers
    WHERE last_heartbeat < now() - make_interval(secs => %s)))
"""
# Of all accounts; what others are at is left to them.
HURRIED = """
UPDATE attachment SET not_before = alternator_now() WHERE ctid = ANY (ARRAY(
    SELECT ctid FROM attachment WHERE state = 'waiting' AND speech = 1 AND deferred > 0
    AND put_back = 0 AND not_before > alternator_now() LIMIT %s FOR UPDATE SKIP LOCKED))
"""
# Of accounts that somebody works for. A post whose job is dead waits for a person.
ORPHANS = """
SELECT alternator_follow_post(account, status_id) FROM (
    SELECT DISTINCT a.account, a.status_id FROM attachment AS a
    JOIN watched AS w ON w.account = a.account AND NOT w.paused
    JOIN account AS owner ON owner.id = a.account AND owner.halted IS NULL
    WHERE a.state = 'waiting' AND NOT EXISTS (
        SELECT 1 FROM procrastinate_jobs AS j WHERE j.lock = a.account || ':' || a.status_id
        AND j.status IN ('todo', 'doing') AND j.task_name = 'alternator.describe')
    AND a.account || ':' || a.status_id NOT IN (
        SELECT lock FROM procrastinate_jobs WHERE status = 'failed' AND lock IS NOT NULL)
    LIMIT %s) AS left_behind
"""
# A claim whose worker died before its job was freed has no job that would free it.
CLAIMED = """
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, args)
SELECT CASE WHEN max(a.speech) = 1 THEN 'speech' ELSE 'vision' END, 'alternator.describe', 1000,
    a.account || ':' || a.status_id,
    jsonb_build_object('account', a.account, 'status_id', a.status_id)
FROM attachment AS a
JOIN watched AS w ON w.account = a.account AND NOT w.paused
WHERE a.state = 'claimed' AND a.changed < alternator_now() - %s AND NOT EXISTS (
    SELECT 1 FROM procrastinate_jobs AS j WHERE j.lock = a.account || ':' || a.status_id
    AND j.status IN ('todo', 'doing', 'failed'))
GROUP BY a.account, a.status_id LIMIT %s
"""
ERRANDS = """
SELECT alternator_follow_errand(e.number) FROM errand AS e
JOIN watched AS w ON w.account = e.account AND NOT w.paused
WHERE e.ended IS NULL AND NOT EXISTS (
    SELECT 1 FROM procrastinate_jobs AS j WHERE j.status IN ('todo', 'doing', 'failed')
    AND j.task_name = 'alternator.errand' AND j.args -> 'number' = to_jsonb(e.number))
"""
# A dead job of an account that left while it was under way.
LEFT = """
DELETE FROM procrastinate_jobs WHERE status = 'failed' AND task_name LIKE 'alternator.%'
AND NOT EXISTS (SELECT 1 FROM account WHERE id = (args ->> 'account')::bigint)
"""
FACTS = """
SELECT queue_name,
    count(*) FILTER (WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())),
    count(*) FILTER (WHERE status = 'todo' AND scheduled_at > now()),
    count(*) FILTER (WHERE status = 'doing'),
    COALESCE(extract(epoch FROM now() - min(scheduled_at) FILTER (
        WHERE status = 'todo' AND scheduled_at <= now())), 0)::double precision
FROM procrastinate_jobs
WHERE status IN ('todo', 'doing') AND task_name LIKE 'alternator.%' GROUP BY queue_name
"""


class PostgresJobs:
    """``alternator.store.cluster.Jobs``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def facts(self) -> Sequence[QueueFacts]:
        """How each queue is, those without a job too."""
        with self._database.plain() as connection:
            rows = connection.execute(FACTS).fetchall()
        found = {
            row[0]: QueueFacts(
                queue=row[0], ready=row[1], later=row[2], doing=row[3], oldest=max(row[4], 0.0)
            )
            for row in rows
        }
        for queue in QUEUES:
            found.setdefault(queue, QueueFacts(queue=queue, ready=0, later=0, doing=0, oldest=0.0))
        return [found[queue] for queue in sorted(found)]

    def dead(self, most: int = 100) -> Sequence[DeadJob]:
        """Those that are not tried again, the newest first."""
        with self._database.plain() as connection:
            rows = connection.execute(
                "SELECT id, task_name, queue_name, (args ->> 'account')::bigint, "
                "COALESCE(split_part(lock, ':', 2), ''), attempts FROM procrastinate_jobs "
                "WHERE status = 'failed' AND task_name LIKE 'alternator.%%' "
                "ORDER BY id DESC LIMIT %s",
                (most,),
            ).fetchall()
        return [
            DeadJob(
                id=row[0],
                task=row[1],
                queue=row[2],
                account=row[3],
                status_id=row[4],
                attempts=row[5],
            )
            for row in rows
        ]

    def retry(self, job_id: int) -> bool:
        """Try a dead one again. False if it is none."""
        with self._database.plain() as connection, connection.transaction():
            found = connection.execute(
                "SELECT 1 FROM procrastinate_jobs WHERE id = %s AND status = 'failed' FOR UPDATE",
                (job_id,),
            ).fetchone()
            if found is None:
                return False
            connection.execute(
                "SELECT procrastinate_retry_job_v2(%s, now(), NULL, NULL, NULL)", (job_id,)
            )
        return True

    def hurry_speech(self) -> int:
        """Make due what waits since no engine could hear it; how many attachments that are."""
        due = 0
        with self._database.plain() as connection:
            while True:
                made = connection.execute(HURRIED, (MOST_MENDED,)).rowcount
                due += made
                if made < MOST_MENDED:
                    return due

    def is_held(self, job_id: int, worker_id: int) -> bool:
        """Whether a job is this worker's still."""
        with self._database.plain() as connection:
            found = connection.execute(
                "SELECT 1 FROM procrastinate_jobs WHERE id = %s AND worker_id = %s "
                "AND status = 'doing'",
                (job_id, worker_id),
            ).fetchone()
        return found is not None

    def mend(self) -> int:
        """See to it that what waits has a job, and that none is of a worker that is gone."""
        with self._database.plain() as connection, connection.transaction():
            alone = connection.execute(
                "SELECT pg_try_advisory_xact_lock(%s, %s)", (OURS, MENDING)
            ).fetchone()
            if alone is None or not alone[0]:
                return 0  # somebody is at it
            freed = connection.execute(FREED, (GONE_SECONDS,)).rowcount
            orphans = connection.execute(ORPHANS, (MOST_MENDED,)).rowcount
            claimed = connection.execute(CLAIMED, (CLAIMED_SECONDS, MOST_MENDED)).rowcount
            errands = connection.execute(ERRANDS).rowcount
            connection.execute(LEFT)
            connection.execute(
                "DELETE FROM procrastinate_workers "
                "WHERE last_heartbeat < now() - make_interval(secs => %s)",
                (10 * GONE_SECONDS,),
            )
        return freed + orphans + claimed + errands
