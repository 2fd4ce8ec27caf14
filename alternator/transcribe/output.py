"""Where transcripts go: files named after the sound files, or standard output."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from alternator.errors import ConfigError, OutputError
from alternator.speech.formats import FORMATS, Layout
from alternator.speech.transcript import Transcript
from probe.errors import reason_of


@dataclass(frozen=True, kw_only=True)
class Output:
    """What is written: ``formats`` are names of FORMATS; no ``directory`` is standard output."""

    directory: Path | None
    formats: tuple[str, ...]
    layout: Layout


def write(transcript: Transcript, stem: str, output: Output) -> None:
    """The transcript in each format asked for. OutputError if there is no place for it."""
    for name in output.formats:
        text = FORMATS[name](transcript, output.layout)
        if output.directory is None:
            print(text, end="" if text.endswith("\n") else "\n", flush=True)
            continue
        target = output.directory / f"{stem}.{name}"
        try:
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(
                f"{target} can't be written: {reason_of(error)}; choose another --output_dir"
            ) from None


def output_stems(files: tuple[Path, ...]) -> Mapping[Path, str]:
    """The name of each file's results without its ending; where two files would get the same
    one, the whole name. ConfigError if that is the same too: one would overwrite the other."""
    distinct = dict.fromkeys(files)
    shared = Counter(path.stem for path in distinct)
    stems = {path: path.stem if shared[path.stem] == 1 else path.name for path in distinct}
    for stem, times in Counter(stems.values()).items():
        if times > 1:
            raise ConfigError(
                f"{times} files are called {stem!r}, and their results would overwrite each "
                f"other; transcribe them one by one into different --output_dir"
            )
    return stems


def make_directory(directory: Path) -> None:
    """Makes sure that results have a place before an hour is spent on them."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--output_dir {directory} can't be made: {reason_of(error)}; choose another"
        ) from None
