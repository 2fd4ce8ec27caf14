"""A folder for what is needed for a while: uploads, pieces of sound.

A process that is killed leaves its folder there, with what others sent it. The next one of the same
kind removes it: each holds the kernel's lock on a file in its own
(https://man7.org/linux/man-pages/man2/flock.2.html), which goes with the process.
"""

import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = ".lock"
# Between the making of a folder and its lock is a moment.
MOMENT_SECONDS = 60.0


@contextmanager
def own_folder(kind: str) -> Iterator[Path]:
    """A folder for this user alone, which ends with the block; ``kind`` begins its name.

    Those of that kind whose processes have ended are removed. OSError if it can't be made.
    """
    with tempfile.TemporaryDirectory(prefix=f"{kind}-") as name:
        folder = Path(name)
        with (folder / LOCK).open("xb") as lock:
            # Some network file systems know no locks: then there is none, and nothing is removed.
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for other in folder.parent.glob(f"{kind}-*/{LOCK}"):
                if other.parent != folder:
                    _remove_if_left(other)
            yield folder


def _remove_if_left(lock: Path) -> None:
    """Remove the folder of a lock that nobody holds. Not what is another user's, and no link."""
    with suppress(OSError), lock.open("rb") as file:
        seen = lock.parent.lstat()
        own = stat.S_ISDIR(seen.st_mode) and seen.st_uid == os.geteuid()
        if own and time.time() - os.fstat(file.fileno()).st_mtime > MOMENT_SECONDS:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(lock.parent)
