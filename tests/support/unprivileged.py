"""Doing something as a user whom file permissions bind: they don't bind root."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def unprivileged(folder: Path) -> Iterator[None]:
    """For root, an effective user who is nobody, and who may enter ``folder``; else nothing."""
    if os.geteuid() != 0:
        yield
        return
    # pytest's own folders are closed to others; with several workers there is one more.
    for directory in (folder, *folder.parents):
        if directory == Path(tempfile.gettempdir()):
            break
        directory.chmod(0o755)
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
