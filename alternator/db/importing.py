"""Copying what a bot remembers in a file into a PostgreSQL database.

The file is copied first, and the copy is brought up to today's tables and freed of the claims that
an end of the bot cut short: the file itself is only read. What its rows are numbered by goes on
behind the numbers that the database has given, so that a draft's number stays one draft's.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from alternator.clock import SYSTEM_CLOCK
from alternator.errors import ConfigError, StateError
from alternator.store.lock import locked
from alternator.store.opening import STATE_FILE
from alternator.store.postgres.values import prepare
from alternator.store.sqlite.failures import failure_of
from alternator.store.sqlite.store import SqliteStore
from alternator.temporary import own_folder

# The tables of an account's rows, with the column that numbers them, in an order in which each
# comes after those that it refers to.
TABLES: Mapping[str, str | None] = {
    "attachment": None,
    "admitted": None,
    "written": "id",
    "held": None,
    "draft": "number",
    "spent": None,
    "told": None,
    "reply": None,
    "backfill": None,
    "errand": "number",
    "consent": None,
    "asking": None,
    "outgoing": None,
    "place": None,
}
# A column that holds a number of another table.
REFERS: Mapping[tuple[str, str], str] = {("errand", "begun"): "written"}
OWN_COLUMNS = ("cursor", "floor", "first_start", "edits", "halted")

Account = tuple[str, str]  # its server and its id there


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What was copied: the accounts, the rows by table, the posts that wait."""

    accounts: tuple[Account, ...]
    rows: Mapping[str, int]
    waiting: int


def import_state(
    connection: "psycopg.Connection[Any]",
    directory: Path,
    *,
    replace: bool,
    clock: Callable[[], float] = SYSTEM_CLOCK.now,
) -> Imported:
    """Copy a state directory's file: all of it or nothing. ``clock`` gives Unix time in seconds.

    ConfigError where a bot is at work there, where there is no file, and where the database knows
    something of an account of it, unless that is to be replaced; StateError for a file that can't
    be read; psycopg.Error.
    """
    path = directory / STATE_FILE
    if not path.is_file():
        raise ConfigError(f"there is no {path}; name the [state] directory of the bot")
    prepare(connection)
    with locked(directory), brought_up(path, clock) as source:
        connection.execute("SET statement_timeout = 0")
        with connection.transaction():
            accounts = imported_accounts(connection, source, replace=replace)
            offsets = {
                table: last_number(connection, table, key) for table, key in TABLES.items() if key
            }
            rows = {table: copied(connection, source, table, accounts, offsets) for table in TABLES}
            for table, key in TABLES.items():
                if key:
                    go_on_behind(connection, table, key)
            rows["tokens"] = copied_tokens(connection, source)
            waiting = waiting_posts(connection, list(accounts.values()))
        found = tuple(
            (server, remote_id)
            for server, remote_id in source.execute(
                "SELECT server, remote_id FROM account ORDER BY id"
            )
        )
    return Imported(accounts=found, rows=rows, waiting=waiting)


@contextmanager
def brought_up(path: Path, clock: Callable[[], float]) -> Iterator[sqlite3.Connection]:
    """A copy of a state file with today's tables, in which nothing is at work."""
    with own_folder("alternator-import") as folder:
        copy = folder / STATE_FILE
        try:
            address = f"{path.absolute().as_uri()}?mode=ro"
            with (
                closing(sqlite3.connect(address, uri=True)) as source,
                closing(sqlite3.connect(copy)) as target,
            ):
                source.backup(target)
        except sqlite3.Error as error:
            raise failure_of(error, path) from error
        try:
            with closing(SqliteStore(copy, clock=clock)) as store:
                for server, remote_id in store.all_accounts():
                    store.use_account(server, remote_id)
        except StateError as error:
            raise StateError(str(error).replace(str(copy), str(path))) from None
        with closing(sqlite3.connect(copy)) as source:
            yield source


def imported_accounts(
    connection: "psycopg.Connection[Any]", source: sqlite3.Connection, *, replace: bool
) -> dict[int, int]:
    """The accounts' rows in the database, by their numbers in the file."""
    accounts: dict[int, int] = {}
    columns = ", ".join(OWN_COLUMNS)
    for number, server, remote_id, *values in source.execute(
        f"SELECT id, server, remote_id, {columns} FROM account ORDER BY id"
    ).fetchall():
        connection.execute(
            "INSERT INTO account (server, remote_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (server, remote_id),
        )
        row = connection.execute(
            "SELECT id FROM account WHERE server = %s AND remote_id = %s FOR UPDATE",
            (server, remote_id),
        ).fetchone()
        assert row is not None
        account = int(row[0])
        for table in TABLES:
            if replace:
                connection.execute(f"DELETE FROM {table} WHERE account = %s".encode(), (account,))
            elif connection.execute(
                f"SELECT 1 FROM {table} WHERE account = %s LIMIT 1".encode(), (account,)
            ).fetchone():
                raise ConfigError(
                    f"the database knows account {remote_id} on {server} already; with --replace "
                    f"what it knows is dropped for what the file has"
                )
        connection.execute(
            f"UPDATE account SET ({columns}) = (%s, %s, %s, %s, %s) WHERE id = %s".encode(),
            (*values, account),
        )
        accounts[number] = account
    return accounts


def copied(
    connection: "psycopg.Connection[Any]",
    source: sqlite3.Connection,
    table: str,
    accounts: Mapping[int, int],
    offsets: Mapping[str, int],
) -> int:
    """Copy the rows of a table; their number."""
    key = TABLES[table]
    columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
    added = [
        offsets.get(table if column == key else REFERS.get((table, column), ""), 0)
        for column in columns
    ]
    number = 0
    order = f" ORDER BY {key}" if key else ""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()) as copy,
    ):
        for row in source.execute(f"SELECT * FROM {table}{order}"):
            copy.write_row(
                [
                    accounts[value]
                    if column == "account"
                    else (value + more if more and value is not None else value)
                    for column, value, more in zip(columns, row, added, strict=True)
                ]
            )
            number += 1
    return number


def last_number(connection: "psycopg.Connection[Any]", table: str, key: str) -> int:
    """The last number that a table has given."""
    row = connection.execute(
        f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {table}_{key}_seq".encode()
    ).fetchone()
    assert row is not None
    return int(row[0])


def go_on_behind(connection: "psycopg.Connection[Any]", table: str, key: str) -> None:
    """Have a table give numbers behind those that it has."""
    connection.execute(
        f"SELECT setval('{table}_{key}_seq', (SELECT max({key}) FROM {table})) "
        f"WHERE EXISTS (SELECT 1 FROM {table})".encode()
    )


def copied_tokens(connection: "psycopg.Connection[Any]", source: sqlite3.Connection) -> int:
    """Copy what models used by day; what is known of a day already stays if it is more."""
    rows = source.execute("SELECT day, used FROM tokens").fetchall()
    connection.cursor().executemany(
        "INSERT INTO tokens (day, used) VALUES (%s, %s) ON CONFLICT (day) DO UPDATE SET "
        "used = greatest(tokens.used, excluded.used)",
        rows,
    )
    return len(rows)


def waiting_posts(connection: "psycopg.Connection[Any]", accounts: list[int]) -> int:
    """How many posts of these accounts have a job to be described."""
    row = connection.execute(
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' "
        "AND task_name = 'alternator.describe' AND (args ->> 'account')::bigint = ANY(%s)",
        (accounts,),
    ).fetchone()
    return 0 if row is None else int(row[0])
