"""What there is to know of a database: versions, sizes, jobs."""

from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from alternator.store.postgres.guard import is_held
from alternator.store.postgres.schema import VERSION, version_in

TABLES = (
    "SELECT relname, pg_total_relation_size(relid), n_live_tup FROM pg_stat_user_tables "
    "WHERE schemaname = current_schema() ORDER BY 2 DESC, 1 LIMIT 8"
)
JOBS = (
    "SELECT task_name, queue_name, status::text, count(*) FROM procrastinate_jobs "
    "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)


@dataclass(frozen=True, kw_only=True)
class TableFacts:
    """One table: its size in bytes with its indexes, and about how many rows it has."""

    name: str
    size: int
    rows: int


@dataclass(frozen=True, kw_only=True)
class JobFacts:
    """How many jobs of a task are in a state (todo, doing, failed, …) in a queue."""

    task: str
    queue: str
    status: str
    number: int


@dataclass(frozen=True, kw_only=True)
class DatabaseFacts:
    """All of it. ``size`` is in bytes. ``schema`` is None where there are no tables of ours.

    ``queue`` is the last of Procrastinate's migrations that its tables have, ``in_use`` whether a
    bot or worker is at work.
    """

    server: str
    size: int
    schema: int | None
    queue: str
    accounts: int
    in_use: bool
    tables: tuple[TableFacts, ...]
    jobs: tuple[JobFacts, ...]

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {**asdict(self), "program": VERSION}


def facts_of(connection: "psycopg.Connection[Any]") -> DatabaseFacts:
    """Look at a database. psycopg.Error if it can't be read."""
    schema, _ = version_in(connection)
    has_tables = schema is not None
    return DatabaseFacts(
        server=str(one(connection, "SHOW server_version")),
        size=int(one(connection, "SELECT pg_database_size(current_database())")),
        schema=schema,
        queue=str(one(connection, "SELECT max(queue) FROM alternator_schema"))
        if has_tables
        else "",
        accounts=int(one(connection, "SELECT count(*) FROM account")) if has_tables else 0,
        in_use=is_held(connection),
        tables=tuple(
            TableFacts(name=name, size=size, rows=rows)
            for name, size, rows in connection.execute(TABLES)
        )
        if has_tables
        else (),
        jobs=tuple(
            JobFacts(task=task, queue=queue, status=status, number=number)
            for task, queue, status, number in connection.execute(JOBS)
        )
        if has_tables
        else (),
    )


def one(connection: "psycopg.Connection[Any]", question: str) -> Any:
    """The only value of an answer."""
    row = connection.execute(question.encode()).fetchone()
    assert row is not None
    return row[0]
