"""Whether a file is what its hash says, without reading 3 GB at every start.

Once a file has been found whole, a note beside it says so, with its size and the time of its last
change; while these are the same, it is not read again. Where nothing can be written (an image, a
mounted volume) it is read each time, as openai-whisper does.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from alternator.progress import Progress

PIECE = 1024 * 1024  # bytes


def is_whole(path: Path, sha256: str, progress: Progress) -> bool:
    """Whether the file is there and has this hash. OSError if it can't be read."""
    if not path.is_file():
        return False
    if is_noted(path, sha256):
        return True
    before = path.stat()
    if sha256_of(path, progress) != sha256:
        return False
    note(path, sha256, before)
    return True


def is_noted(path: Path, sha256: str) -> bool:
    """Whether the file was found whole before and is unchanged since."""
    try:
        told = json.loads(note_of(path).read_text(encoding="utf-8"))
        return bool(told == fingerprint(sha256, path.stat()))
    except (OSError, ValueError):
        return False


def note(path: Path, sha256: str, state: os.stat_result) -> None:
    """Remember that the file, as it was at ``state``, has this hash; where that can be written."""
    with suppress(OSError):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".note-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(fingerprint(sha256, state), file)
            Path(name).chmod(0o644)
            Path(name).replace(note_of(path))
        except OSError:
            Path(name).unlink(missing_ok=True)


def forget(path: Path) -> None:
    """Remove what is remembered about the file."""
    note_of(path).unlink(missing_ok=True)


def note_of(path: Path) -> Path:
    """Where the note about a file is."""
    return path.with_name(f".{path.name}.whole")


def fingerprint(sha256: str, state: os.stat_result) -> dict[str, object]:
    """What changes when the file does."""
    return {"sha256": sha256, "bytes": state.st_size, "changed_ns": state.st_mtime_ns}


def sha256_of(path: Path, progress: Progress) -> str:
    """The file's hash. ``progress`` hears of every piece, in bytes."""
    hasher = hashlib.sha256()
    total, done = path.stat().st_size, 0
    for piece in pieces_of(path):
        hasher.update(piece)
        done += len(piece)
        progress.beat()
        progress.advanced(done, total)
    return hasher.hexdigest()


def pieces_of(path: Path) -> Iterator[bytes]:
    """The file's content, in pieces."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
