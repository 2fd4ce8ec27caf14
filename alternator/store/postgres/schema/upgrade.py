"""Making a database's tables, or bringing them up to this program's version."""

import time
from dataclasses import dataclass
from importlib.metadata import version as version_of_package
from typing import Any

import psycopg
from procrastinate.schema import SchemaManager, migrations_path

from alternator.store.postgres import schema
from alternator.store.postgres.guard import OURS, UPGRADE


class NewerError(Exception):
    """The tables are of a version that this program does not know."""

    def __init__(self, found: int) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True, kw_only=True)
class Upgraded:
    """What was done: from which version, None for an empty database, to which."""

    before: int | None
    after: int
    queue: bool  # whether Procrastinate's tables were changed

    @property
    def is_change(self) -> bool:
        """Whether anything was."""
        return self.before != self.after or self.queue


def upgrade(connection: "psycopg.Connection[Any]") -> Upgraded:
    """Bring the tables up; several may do so at once. NewerError, psycopg.Error.

    ``connection`` has each statement be a transaction. Each migration is one as a whole.
    """
    connection.execute("SET statement_timeout = 0")
    connection.execute("SELECT pg_advisory_lock(%s, %s)", (OURS, UPGRADE))
    try:
        before, _ = schema.version_in(connection)
        steps = schema.migrations()
        after = steps[-1].version
        if before is not None and before > after:
            raise NewerError(before)
        queue = False
        if before is not None:
            queue = bring_up_queue(connection)
        for step in steps:
            if before is None or step.version > before:
                apply(connection, step)
        return Upgraded(before=before, after=after, queue=queue)
    finally:
        if not connection.closed:
            connection.execute("SELECT pg_advisory_unlock(%s, %s)", (OURS, UPGRADE))


def apply(connection: "psycopg.Connection[Any]", step: schema.Migration) -> None:
    """Carry out one migration."""
    with connection.transaction():
        connection.execute(schema.VERSIONS)
        if step.version == 1:
            # Procrastinate's, in the version that is installed.
            connection.execute(SchemaManager.get_schema())
        for statement in step.statements:
            connection.execute(statement.encode())
        row = connection.execute("SELECT max(queue) FROM alternator_schema").fetchone()
        queue = row[0] if row is not None and row[0] else queue_migrations()[-1]
        connection.execute(
            "INSERT INTO alternator_schema (version, applied, program, queue) "
            "VALUES (%s, %s, %s, %s)",
            (step.version, time.time(), version_of_package("alternator"), queue),
        )


def queue_migrations() -> list[str]:
    """The names of Procrastinate's own migrations, in their order.

    https://procrastinate.readthedocs.io/en/stable/howto/production/migrations.html
    """
    return sorted(path.name for path in migrations_path.glob("*.sql"))


def bring_up_queue(connection: "psycopg.Connection[Any]") -> bool:
    """Apply those of Procrastinate's migrations that its tables lack; whether there were any."""
    row = connection.execute("SELECT max(queue) FROM alternator_schema").fetchone()
    found = "" if row is None else str(row[0])
    missing = [name for name in queue_migrations() if name > found]
    if not missing:
        return False
    with connection.transaction():
        for name in missing:
            connection.execute((migrations_path / name).read_bytes())
        connection.execute("UPDATE alternator_schema SET queue = %s", (missing[-1],))
    return True
