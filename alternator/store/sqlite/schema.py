"""The tables of the state file, and how a file of an earlier release becomes one of this one.

Whoever changes a table raises ``version`` and adds the step from the version before.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The statements that make an empty file one of ``version``, and those that bring one up.

    ``steps`` leads from each earlier version to the next; a file of a version without one can't be
    read.
    """

    version: int
    create: tuple[str, ...]
    steps: Mapping[int, tuple[str, ...]]


SCHEMA = Schema(
    version=2,
    create=(
        """
        CREATE TABLE account (
            id INTEGER PRIMARY KEY,
            server TEXT NOT NULL,
            remote_id TEXT NOT NULL,
            cursor TEXT,
            floor TEXT,
            UNIQUE (server, remote_id)
        )
        """,
        # `changed` of a claimed row is the moment of the claim, which tells claims apart;
        # `put_back` counts how often in a row the server did not answer for it.
        """
        CREATE TABLE attachment (
            account INTEGER NOT NULL REFERENCES account (id),
            status_id TEXT NOT NULL,
            attachment_id TEXT NOT NULL,
            state TEXT NOT NULL
                CHECK (state IN ('waiting', 'claimed', 'described', 'left', 'failed')),
            backfill INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            not_before REAL NOT NULL,
            reason TEXT NOT NULL DEFAULT '',
            found REAL NOT NULL,
            changed REAL NOT NULL,
            put_back INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (account, status_id, attachment_id)
        )
        """,
        "CREATE INDEX attachment_by_state ON attachment (account, state, not_before)",
    ),
    steps={
        # https://www.sqlite.org/lang_altertable.html#alter_table_add_column
        1: ("ALTER TABLE attachment ADD COLUMN put_back INTEGER NOT NULL DEFAULT 0",),
    },
)
