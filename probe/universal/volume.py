"""The volume that holds the builds: one directory each, complete or not there at all.

A build is put together beside its place and renamed into it, so nobody ever sees half of one. A
lock of the kernel keeps a second container out; the kernel lets go of it when its holder dies.
"""

import fcntl
import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from probe.universal.errors import InstallError, SpaceError

POLL_S = 0.5
REMIND_S = 30.0
FLUSH_S = 60.0

Say = Callable[[str], None]
# Gets the directory to work in and the lock's descriptor, which its children must hold as well:
# what a killed installer leaves running still writes there. Returns the directory to be renamed.
Fill = Callable[[Path, int], Path]


def ensure(root: Path, name: str, fill: Fill, say: Say) -> Path:
    """The directory of a build, made with ``fill`` where it is not there yet.

    Waits while another process makes the same one. Raises InstallError, also where the volume can't
    be written.
    """
    final = root / name
    if final.is_dir():
        return final
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _locked(root / f".{name}.lock", say) as descriptor:
            if not final.is_dir():
                work = root / f".{name}.work"
                made = fill(work, descriptor)
                _flush()
                made.rename(final)
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        where = error.filename or root
        raise InstallError(
            f"{where}: {error.strerror}; {root} must be a directory or volume that the user "
            f"{os.geteuid()} of this container may write"
        ) from error
    return final


def require_space(root: Path, needed: int, what: str) -> None:
    """Raise SpaceError where the volume has less than ``needed`` bytes free."""
    free = shutil.disk_usage(root).free
    if free < needed:
        raise SpaceError(
            f"{what} needs {megabytes(needed)} in {root} and {megabytes(free)} are free: make room "
            f"there or give the container a larger volume"
        )


def megabytes(size: int) -> str:
    """``1234 MB``; a rounded size is no less than the size."""
    return f"{-(-size // 1_000_000)} MB"


def older(root: Path, name: str) -> list[Path]:
    """Complete builds of the same torch as ``name`` that another lock asked for."""
    same = name.rpartition("-")[0]
    found = [path for path in root.glob(f"{same}-*") if path.name != name and path.is_dir()]
    return sorted(path for path in found if path.name.rpartition("-")[0] == same)


def _flush() -> None:
    """See that the rename does not reach the disk before what it names, within bounds.

    It waits for everybody's writes, and a busy neighbour's must not hold up the start.
    """
    flushing = threading.Thread(target=os.sync, daemon=True)
    flushing.start()
    flushing.join(FLUSH_S)


@contextmanager
def _locked(path: Path, say: Say) -> Iterator[int]:
    """Hold the lock of a file; says whom it waits for."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        reminded = 0.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() - reminded >= REMIND_S or not reminded:
                    reminded = time.monotonic()
                    say(f"waiting: {_holder(descriptor)} is installing it into the same volume")
                time.sleep(POLL_S)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, socket.gethostname().encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    name = os.pread(descriptor, 100, 0).decode("utf-8", "replace").strip()
    return f"the container {name}" if name else "another container"
