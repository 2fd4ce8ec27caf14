"""One download of a model for all processes: who comes second waits, and sees how far it is.

The lock is the kernel's (https://man7.org/linux/man-pages/man2/flock.2.html): it goes with the
process, however that ends. Its file goes when the work is done; so whoever gets the lock looks
whether the file is still the one of that name.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alternator.progress import Progress

LOOK_SECONDS = 0.3
# File systems that know no locks (some network ones) say one of these: then there is none.
NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


@contextmanager
def held(target: Path, watched: Path, total: int, progress: Progress) -> Iterator[bool]:
    """Hold the lock of the file ``target``; gives whether somebody else held it before.

    While another process does, ``progress`` hears how large ``watched``, its part of ``total``
    bytes, is. OSError if the folder can't be written to.
    """
    name = lock_of(target)
    file = opened(name)
    waited = False
    try:
        while not (taken(file) and is_at(file, name)):
            if not waited:
                progress.line(f"waiting for another process, which is fetching {target.name}")
            waited = True
            progress.beat()
            progress.advanced(size_of(watched), total)
            progress.pause(LOOK_SECONDS)
            if not is_at(file, name):  # its holder is done
                os.close(file)
                file = opened(name)
        try:
            yield waited
        finally:
            name.unlink(missing_ok=True)
    finally:
        os.close(file)


def opened(name: Path) -> int:
    """The lock's file, made if it is not there."""
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def is_at(file: int, name: Path) -> bool:
    """Whether an open file is the one that has this name."""
    try:
        return os.path.samestat(os.fstat(file), name.stat())
    except OSError:
        return False


def is_held(target: Path) -> bool:
    """Whether a process is fetching that file now."""
    try:
        file = os.open(lock_of(target), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not taken(file)
    finally:
        os.close(file)


def taken(file: int) -> bool:
    """Whether the lock could be taken, or there are no locks here."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    return True


def lock_of(target: Path) -> Path:
    """The lock's file."""
    return target.with_name(f".{target.name}.lock")


def size_of(path: Path) -> int:
    """A file's size in bytes, 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
