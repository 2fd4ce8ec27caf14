"""Keeps what was converted beside the models, so that it is made once.

Below the directory of models, in ``converted``: each by the name of its source and by what tells
whether that has changed since. It can be removed at any time. Several processes may make the same:
the first that is done has made it.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from alternator.errors import ModelError
from alternator.models.disk_space import FULL
from alternator.models.loading import checkpoint_at
from alternator.models.store import Place
from alternator.models.weights import Checkpoint
from alternator.progress import Progress
from probe.errors import reason_of

FOLDER = "converted"
UNFINISHED = ".making-"
LEFT_BEHIND_SECONDS = 24 * 3600.0


class Write(Protocol):
    """Writes a checkpoint to a path: a file, or into a folder that is there."""

    def __call__(self, checkpoint: Checkpoint, target: Path, progress: Progress, /) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Form:
    """A form of models. ``suffix`` ends the name of a file, '' for a directory."""

    engine: str
    suffix: str
    write: Write


def converted(place: Place, directory: Path, form: Form, progress: Progress) -> Path:
    """The model in that form, made unless it is there. ``directory`` is that of the models.

    ModelError says why it can't be read, or kept.
    """
    home = directory / FOLDER
    target = home / f"{place.path.stem}-{_fingerprint(place.path)}{form.suffix or '.ct2'}"
    if target.exists():
        return target
    checkpoint = checkpoint_at(place, progress)
    progress.line(f"converting {place.path} for the engine {form.engine!r}; this is done once")
    try:
        home.mkdir(parents=True, exist_ok=True)
        _sweep(home)
        with _workplace(home) as made:
            one = made / target.name
            if not form.suffix:
                one.mkdir()
            form.write(checkpoint, one, progress)
            if not target.exists():
                one.rename(target)
    except OSError as error:
        if target.exists():  # another process was faster by a moment
            return target
        remedy = "make room there" if error.errno in FULL else "make it writable for this user"
        raise ModelError(
            f"{place.path} can't be converted for the engine {form.engine!r} in {home}: "
            f"{reason_of(error)}; {remedy}, or set [whisper] model_dir"
        ) from None
    return target


@contextmanager
def _workplace(home: Path) -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=home))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _sweep(home: Path) -> None:
    """Remove what killed processes left: none takes a day."""
    for path in home.glob(f"{UNFINISHED}*"):
        if time.time() - path.stat().st_mtime > LEFT_BEHIND_SECONDS:
            shutil.rmtree(path, ignore_errors=True)


def _fingerprint(path: Path) -> str:
    """Of a file or of the files in a directory: where they are, their sizes and times."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    told = []
    for file in files:
        found = file.stat()
        told.append(f"{os.path.realpath(file)}|{found.st_size}|{found.st_mtime_ns}")
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]
