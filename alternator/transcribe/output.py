"""Where transcripts go: files named after what was heard, or standard output."""

import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from alternator.errors import ConfigError, OutputError
from alternator.speech.formats import FORMATS, Layout
from alternator.speech.transcript import Transcript
from alternator.transcribe.inputs import Item
from probe.errors import reason_of


@dataclass(frozen=True, kw_only=True)
class Output:
    """What is written: ``formats`` are names of FORMATS; no ``directory`` is standard output."""

    directory: Path | None
    formats: tuple[str, ...]
    layout: Layout


def to_stdout(transcript: Transcript, output: Output) -> str:
    """The transcript in the one format asked for, without the newline at its end."""
    (name,) = output.formats
    return FORMATS[name](transcript, output.layout).removesuffix("\n")


def write(transcript: Transcript, stem: Path, output: Output) -> None:
    """The transcript in each format asked for. OutputError if there is no place for it.

    A file appears whole or not at all: one that is there was not broken off.
    """
    for name in output.formats:
        target = place(stem, name, output)
        text = FORMATS[name](transcript, output.layout)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_whole(target, text)
        except OSError as error:
            raise OutputError(
                f"{target} can't be written: {reason_of(error)}; choose another --output_dir"
            ) from None


def place(stem: Path, form: str, output: Output) -> Path:
    """Where a result stands."""
    assert output.directory is not None
    return output.directory / stem.parent / f"{stem.name}.{form}"


def is_there(item: Item, output: Output) -> bool:
    """Whether every result of an item is there, and none is older than its file."""
    if output.directory is None:
        return False
    try:
        changed = item.path.stat().st_mtime if item.kind == "file" else 0.0
        places = [place(item.stem, form, output) for form in output.formats]
        return all(path.is_file() and path.stat().st_mtime >= changed for path in places)
    except OSError:
        return False


def make_directory(directory: Path) -> None:
    """Makes sure that results have a place before an hour is spent on them."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--output_dir {directory} can't be made: {reason_of(error)}; choose another"
        ) from None
    try:
        with tempfile.NamedTemporaryFile(dir=directory, prefix=".alternator-"):
            pass
    except OSError as error:
        raise ConfigError(
            f"--output_dir {directory} can't be written: {reason_of(error)}; choose another"
        ) from None


def _write_whole(target: Path, text: str) -> None:
    # Not a name that another run of the command could choose for the same file.
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
