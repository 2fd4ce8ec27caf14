"""What a home of the store is to the SQL: a connection, transactions, and its dialect.

Statements are written for both homes. Parameters stand as ``?`` or ``:name``, rows are tuples, and
``bool`` is stored as 0 and 1. What the homes say differently is in their ``Dialect``, and nothing
else is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

Parameters = Sequence[Any] | Mapping[str, Any]


def marks_of(values: Sized) -> str:
    """The parameters of a list in brackets; PostgreSQL takes no empty one."""
    return ", ".join("?" * len(values)) or "NULL"


class Cursor(Protocol):
    """What a statement gave: its rows, or the number of those that it changed."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """The next row; None if there is no more."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """The rows, one after the other."""


class Connection(Protocol):
    """What statements are sent by."""

    def execute(self, sql: str, parameters: Parameters = ..., /) -> Cursor:
        """Send one statement."""

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor:
        """Send one statement with each of these; the cursor has the number of all changed rows."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What the homes say differently.

    ``queue`` follows the table ``attachment`` where what waits is read in its order; ``waiting`` is
    the condition of a row that waits where all rows of one post are meant. ``locked`` ends a SELECT
    whose rows nobody else may change until the end of the transaction. ``lock_post`` keeps other
    transactions that send it from one post (parameters: account, status), and is None where one
    transaction at a time can write; ``lock_edits`` does so with all edits of one account
    (parameter: account), and is None where one process alone edits.
    """

    queue: str
    waiting: str
    locked: str
    lock_post: str | None
    lock_edits: str | None


class Database(Protocol):
    """A home: connections for any thread. StateError where it can't be read or written."""

    @property
    def dialect(self) -> Dialect:
        """What it says differently."""

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection for statements that change nothing."""

    def writing(self, *, durable: bool = False) -> AbstractContextManager[Connection]:
        """A transaction: all of it or nothing. ``durable``: not even a power cut takes it away."""

    def check_written(self) -> None:
        """TemporaryStateError while nothing can be written, so far as was found out."""

    def close(self) -> None:
        """It can't be used any more."""
