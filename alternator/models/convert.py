"""``alternator models convert`` and ``import``: somebody's file becomes a model that has a name."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alternator.errors import ModelError
from alternator.models import catalog
from alternator.models.disk_space import FULL, check_space, no_room
from alternator.models.download import into_place
from alternator.models.lock import taken
from alternator.models.rate import MB
from alternator.models.store import own_path
from alternator.models.verified import note, pieces_of, sha256_of
from alternator.progress import Progress
from probe.errors import reason_of

NEW = ".new"  # ends the name of a file that is being made


# size: from where, under which name, to where, and whether an older one may go
def convert(source: Path, name: str, directory: Path, *, replace: bool, progress: Progress) -> Path:
    """Make a file of openai-whisper's form out of a checkpoint of any form; its place.

    The weights keep their precision; those that are kept as int8 or int16 become float16. One
    tensor at a time is in memory. ModelError says what is wrong; nothing half-written is left.
    """
    # Only now: they import torch.
    from alternator.models.checkpoint import read_checkpoint
    from alternator.models.writing import size_of, write_checkpoint

    target = own_path(name, directory)
    if target.exists() and not replace:
        raise ModelError(f"{target} is there already; choose another name, or add --replace")
    checkpoint = read_checkpoint(source)
    progress.line(f"{source}: {checkpoint.form}")
    for line in checkpoint.notes:
        progress.line(f"{source}: {line}")
    with new_file(target, size_of(checkpoint)) as made:
        write_checkpoint(checkpoint, made, progress)
    return target


def take_in(source: Path, directory: Path, progress: Progress) -> Path:
    """Copy one of OpenAI's files, which somebody carried here, to its place in the directory.

    Its hash tells which one it is, whatever it is called. ModelError if it is none of them.
    """
    try:
        size = source.stat().st_size
        if source.is_dir():
            raise ModelError(not_openais(source, "a directory"))
        sha256 = sha256_of(source, progress)
    except OSError as error:
        raise ModelError(f"{source} can't be read: {reason_of(error)}") from None
    model = next((one for one in catalog.models() if one.sha256 == sha256), None)
    if model is None:
        called = catalog.find(source.stem)
        if called is None:
            raise ModelError(not_openais(source, f"SHA-256 {sha256}"))
        whole = f"{size:,} of {called.size:,} bytes" if size != called.size else f"{size:,} bytes"
        raise ModelError(
            f"{source} is not OpenAI's model {called.name!r}, or not whole: {whole}, SHA-256 "
            f"{sha256}, and not {called.sha256}; copy it again. If it is a model of your own, give "
            f"it a name of its own: alternator models convert {source} NAME"
        )
    target = directory / model.file
    with new_file(target, size) as made:
        copy(source, made, model.sha256, progress)
    note(target, model.sha256, target.stat())
    return target


def not_openais(source: Path, what: str) -> str:
    """For something that openai-whisper has no name for."""
    return (
        f"{source} is none of OpenAI's models ({what}); for a model of your own: "
        f"alternator models convert {source} NAME"
    )


def copy(source: Path, target: Path, sha256: str, progress: Progress) -> None:
    """Copy a file. ModelError if it changed since its hash was taken."""
    hasher, total, done = hashlib.sha256(), source.stat().st_size, 0
    with target.open("wb") as file:
        for piece in pieces_of(source):
            hasher.update(piece)
            file.write(piece)
            done += len(piece)
            progress.beat()
            progress.advanced(done, total)
    if hasher.hexdigest() != sha256:
        raise ModelError(f"{source} changed while it was read; copy it again")


@contextmanager
def new_file(target: Path, size: int) -> Iterator[Path]:
    """A file beside ``target`` that takes its place if all goes well, and is gone if not.

    What a killed process left is swept up by the next one. ModelError if the disk has no room for
    ``size`` bytes, or the folder can't be written to.
    """
    directory = target.parent
    made = target.with_name(f".{target.name}{NEW}")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        sweep(directory)
        check_space(directory, size, f"the model {target.name}")
        with made.open("ab") as file:
            if not taken(file.fileno()):
                raise ModelError(f"another process is making {target}; wait for it")
            try:
                yield made
                into_place(made, target)
            finally:
                made.unlink(missing_ok=True)
    except OSError as error:
        if error.errno in FULL:
            what, needed = f"the model {target.name}", f"it takes {size / MB:.0f} MB"
            raise ModelError(no_room(directory, what, needed, 0)) from None
        raise ModelError(
            f"{target} can't be written: {reason_of(error)}; make {directory} writable for this "
            f"user, or set [whisper] model_dir"
        ) from None


def sweep(directory: Path) -> None:
    """Remove what processes left that were killed: a living one holds a lock on its file."""
    for path in directory.glob(f".*{NEW}"):
        with path.open("ab") as file:
            if taken(file.fileno()):
                path.unlink(missing_ok=True)
