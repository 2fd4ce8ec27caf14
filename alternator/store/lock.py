"""One bot at a time in a state directory.

The lock is the kernel's (https://man7.org/linux/man-pages/man2/flock.2.html): it goes with the
process, however that ends, so there is no stale lock to clean up, and the file itself stays.
"""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from alternator.errors import ConfigError
from alternator.store.privacy import FULL_DISK, make_private_directory, make_private_file
from probe.errors import reason_of
from probe.machine.variables import REPORT_FILE

LOCK_FILE = "lock"
# What the names of all begin with that lies in a state directory, whoever of ours put it there.
OURS = (LOCK_FILE, "state.sqlite3", "downloads", "health.json", REPORT_FILE)


# Who looks whether a bot is at work holds the lock for a moment: a start waits that out.
PATIENCE_SECONDS = 0.5
BETWEEN_TRIES_SECONDS = 0.02


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the state directory for this process; ConfigError if another one does."""
    try:
        make_private_directory(directory, ours=OURS)
        make_private_file(directory / LOCK_FILE)
        file = (directory / LOCK_FILE).open("w")
    except OSError as error:
        raise ConfigError(unwritable(directory, error)) from None
    with file:
        try:
            take(file)
        except BlockingIOError:
            raise ConfigError(
                f"another bot is at work in {directory}; end it, or give this one a "
                f"[state] directory of its own"
            ) from None
        except OSError as error:
            raise ConfigError(
                f"the state directory {directory} can't be locked: {reason_of(error)}; set [state] "
                f"directory to one on a disk of this machine"
            ) from None
        yield


def take(file: IO[str]) -> None:
    """Take the lock. BlockingIOError if another process holds it for longer than a moment."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(BETWEEN_TRIES_SECONDS)


def is_locked(directory: Path) -> bool:
    """Whether a bot is at work in a state directory, for whoever wants nothing of it but that.

    OSError if it can't be looked for.
    """
    try:
        file = (directory / LOCK_FILE).open("r")
    except FileNotFoundError:
        return False
    with file:
        try:
            # Shared: two that look do not take each other for a bot.
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def unwritable(path: Path, error: OSError) -> str:
    """Why a state directory can't be used, and what to do."""
    remedy = (
        "free some space there"
        if error.errno in FULL_DISK
        else "make it writable for this user, or set [state] directory to one that is"
    )
    return f"the state directory {path} can't be written to: {reason_of(error)}; {remedy}"


def unreadable(path: Path, error: OSError) -> str:
    """Why a state directory can't be looked into, and what to do."""
    return (
        f"the state directory {path} can't be looked into: {reason_of(error)}; run this as the "
        f"bot's user"
    )
