"""A file that can be read at any place: a pipe is written into a temporary one first, bounded."""

import errno
import math
import os
import select
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from alternator.errors import MediaError, TemporaryMediaError
from alternator.progress import SILENT, Progress
from probe.errors import reason_of

GIB = 1024**3
# Of what comes through a pipe: more than 12 hours of stereo at CD quality.
MOST_BYTES = 8 * GIB
PIECE_BYTES = 1 << 20
SLICE_SECONDS = 0.5  # between two signs of life


def check_file(path: Path) -> None:
    """MediaError unless the path is a file or pipe that can be opened and holds anything at all.

    A pipe is not opened: what is read of it is gone.
    """
    try:
        mode = path.stat().st_mode
        if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
            return
        if not stat.S_ISREG(mode):
            raise MediaError(f"{path}: is not a file; name an audio or video file")
        with path.open("rb") as file:
            empty = not file.read(1)
    except (FileNotFoundError, NotADirectoryError):
        raise MediaError(f"{path}: does not exist; name an audio or video file") from None
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise MediaError(
            f"{path}: can't be read: {reason}; make it readable for this user"
        ) from None
    if empty:
        raise MediaError(f"{path}: the file is empty; copy or download it again")


@contextmanager
def local_file(path: Path, seconds: float) -> Iterator[Path]:
    """The file itself, or a temporary one with what comes through a pipe within ``seconds``.

    Raises what ``check_file`` and ``spooled`` raise.
    """
    check_file(path)
    if path.is_file():
        # What /dev/stdin leads to is another file for a child.
        own = path.is_relative_to("/dev") or path.is_relative_to("/proc")
        yield Path(os.path.realpath(path)) if own else path
        return
    try:
        # A pipe into which nobody writes would hold an open without this, and for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise MediaError(f"{path}: can't be read: {reason_of(error)}") from None
    with (
        os.fdopen(descriptor, "rb", buffering=0) as stream,
        spooled(stream, name=str(path), seconds=seconds) as file,
    ):
        yield file


@contextmanager
def spooled(
    stream: IO[bytes],
    *,
    name: str = "standard input",
    most: int = MOST_BYTES,
    seconds: float | None = None,
    progress: Progress = SILENT,
) -> Iterator[Path]:
    """What comes out of a stream (a pipe, standard input), as a file until the ``with`` block ends.

    ``name`` is how messages call it; ``most`` is in bytes. Raises MediaError for a stream that is
    empty, larger, not at its end within ``seconds``, or can't be read; TemporaryMediaError where
    there is no room for it.
    """
    # Without a buffer: what does not fit would be tried again when the file is closed.
    with tempfile.NamedTemporaryFile(prefix="alternator-", suffix=".media", buffering=0) as file:
        size = 0
        for piece in _pieces(stream, name, seconds, progress):
            size += len(piece)
            if size > most:
                raise MediaError(
                    f"{name}: more than {most / GIB:g} GB came; write it to a file, and cut it"
                )
            rest = memoryview(piece)
            try:
                while rest:
                    rest = rest[file.write(rest) :]
            except OSError as error:
                raise TemporaryMediaError(_no_room(name, error)) from None
        if not size:
            raise MediaError(f"{name}: is empty; nothing came through it")
        yield Path(file.name)


def _no_room(name: str, error: OSError) -> str:
    hint = "; set TMPDIR to a folder with more room" if error.errno == errno.ENOSPC else ""
    return f"{name}: can't be kept in {tempfile.gettempdir()}: {reason_of(error)}{hint}"


def _pieces(
    stream: IO[bytes], name: str, seconds: float | None, progress: Progress
) -> Iterator[bytes]:
    deadline = math.inf if seconds is None else time.monotonic() + seconds
    waiting = select.poll()
    waiting.register(stream.fileno(), select.POLLIN)
    while True:
        progress.beat()
        left = min(max(deadline - time.monotonic(), 0.0), SLICE_SECONDS)
        try:
            if not waiting.poll(left * 1000):
                if time.monotonic() < deadline:
                    continue
                raise MediaError(f"{name}: its end did not come within {seconds:g} s")
            piece = os.read(stream.fileno(), PIECE_BYTES)
        except BlockingIOError:
            continue
        except OSError as error:
            raise MediaError(f"{name}: can't be read: {reason_of(error)}") from None
        if not piece:
            return
        yield piece
