"""What SQLite's errors mean: what is wrong with a state file, whether it may pass, and the remedy.

Told by SQLite's result codes (https://www.sqlite.org/rescode.html), never by its texts.
"""

import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from alternator.errors import AlternatorError, ConfigError, StateError, TemporaryStateError
from alternator.store.privacy import FULL_DISK


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong. ``passing``: it may be over by itself, or by what an operator does meanwhile.

    ``says`` follows the file's name in a message, ``remedy`` says what to do.
    """

    says: str
    remedy: str
    passing: bool

    def of(self, path: Path, detail: object = "") -> StateError:
        """The error for a state file. ``detail`` is what SQLite or the system says of it."""
        told = f" ({detail})" if str(detail) else ""
        message = f"the state file {path} {self.says}{told}; {self.remedy}"
        return TemporaryStateError(message) if self.passing else StateError(message)


LOCKED = Trouble(
    says="is locked by another program",
    remedy="end that one (a backup, an open sqlite3)",
    passing=True,
)
FULL = Trouble(
    says="can't be written, since its disk is full",
    remedy="free some space",
    passing=True,
)
DISK = Trouble(
    says="can't be read or written, since its disk fails",
    remedy="look whether it is still there, whether a quota is used up, and into the system's log",
    passing=True,
)
CLOSED = Trouble(
    says=f"can't be used by this user, number {os.geteuid()}",
    remedy="make it and its directory writable for that user, or set [state] directory to one "
    "that is",
    passing=True,
)
DAMAGED = Trouble(
    says="is damaged",
    remedy="move it away to start afresh (what still lacks a description is found again)",
    passing=False,
)
FOREIGN = Trouble(
    says="does not hold what this version of Alternator looks for",
    remedy="move it away to start afresh, or set [state] directory to another one",
    passing=False,
)

# By the lowest eight bits of a result code, which its finer ones share.
TROUBLES = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_PROTOCOL: LOCKED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: DISK,
    sqlite3.SQLITE_READONLY: CLOSED,
    sqlite3.SQLITE_PERM: CLOSED,
    sqlite3.SQLITE_CANTOPEN: CLOSED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_ERROR: FOREIGN,
}
# What is wrong with the file as it is held open, not with what holds it: opening it again helps.
MENDED_BY_OPENING = (DISK, CLOSED)


def trouble_of(error: sqlite3.Error) -> Trouble | None:
    """What SQLite's error means; None for one of ours, such as the use of a closed file."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else TROUBLES.get(code & 0xFF)


def unusable(path: Path, error: OSError | sqlite3.Error) -> AlternatorError:
    """The error for a state file that can't be opened at the start."""
    if isinstance(error, IsADirectoryError):
        return FOREIGN.of(path, error.strerror)
    if isinstance(error, OSError) and error.errno in FULL_DISK:
        return FULL.of(path)
    detail = error.strerror if isinstance(error, OSError) else error
    return ConfigError(str(CLOSED.of(path, detail)))


def failure_of(error: sqlite3.Error, path: Path) -> StateError:
    """The error for a state file that SQLite's one means."""
    trouble = trouble_of(error)
    if trouble is None:
        return StateError(f"the state file {path} can't be used ({error}); please report this")
    return trouble.of(path, "" if trouble in (LOCKED, FULL) else error)
