"""The versions of the tables, and which one a database has.

A change of the tables is a migration more, with the next number; those that are released are not
changed any more. Procrastinate's tables are brought up beside ours (``upgrade.py``).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from alternator.store.postgres.cluster_tables import CLUSTER_TABLES

HERE = Path(__file__).parent
# The table of what was done. `queue` is the last of Procrastinate's own migrations that its tables
# have.
VERSIONS = """
CREATE TABLE IF NOT EXISTS alternator_schema (
    version integer PRIMARY KEY,
    applied double precision NOT NULL,
    program text NOT NULL,
    queue text NOT NULL
)
"""


@dataclass(frozen=True, kw_only=True)
class Migration:
    """The statements that lead from the version before to this one."""

    version: int
    statements: tuple[str, ...]


def text_of(name: str) -> str:
    """A file of statements."""
    return (HERE / name).read_text("utf-8")


# The versions after the first, in their order.
LATER = ("0002_tally.sql", "0003_lease.sql", "0004_trouble.sql")
VERSION = 1 + len(LATER)


def migrations() -> tuple[Migration, ...]:
    """All of them, in their order."""
    first = (text_of("0001_state.sql"), *CLUSTER_TABLES, text_of("0001_queue.sql"))
    return (
        Migration(version=1, statements=first),
        *(
            Migration(version=version, statements=(text_of(name),))
            for version, name in enumerate(LATER, start=2)
        ),
    )


def version_in(connection: "psycopg.Connection[Any]") -> tuple[int | None, int]:
    """The version of a database's tables, None where it has none, and this program's.

    psycopg.Error if it can't be read.
    """
    row = connection.execute("SELECT to_regclass('alternator_schema') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return None, VERSION
    row = connection.execute("SELECT max(version) FROM alternator_schema").fetchone()
    return (None if row is None else row[0]), VERSION
