"""One bot at a time in a state directory.

The lock is the kernel's (https://man7.org/linux/man-pages/man2/flock.2.html): it goes with the
process, however that ends, so there is no stale lock to clean up, and the file itself stays.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alternator.errors import ConfigError


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Hold the state directory for this process; ConfigError if another one does."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / "lock").open("w")
    except OSError as error:
        raise ConfigError(
            f"the state directory {directory} can't be written to: {error.strerror}; make it "
            f"writable for this user, or set [state] directory to one that is"
        ) from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigError(
                f"another bot is at work in {directory}; end it, or give this one a "
                f"[state] directory of its own"
            ) from None
        yield
