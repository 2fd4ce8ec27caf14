"""What the arguments of ``alternator transcribe`` name: files, folders, patterns, addresses, stdin.

Each becomes items, whose file is there only while it is worked on: an address is fetched and
standard input is kept for that long.
"""

import glob
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from alternator.errors import ConfigError, MediaError
from probe.errors import reason_of

STDIN = "-"

# What a folder is searched for; a file that is named is taken whatever it is called.
# fmt: off
SUFFIXES = frozenset(
    {
        ".3g2", ".3gp", ".aac", ".ac3", ".aif", ".aifc", ".aiff", ".amr", ".ape", ".asf", ".au",
        ".avi", ".awb", ".caf", ".dts", ".dv", ".eac3", ".f4v", ".flac", ".flv", ".gsm", ".m2ts",
        ".m4a", ".m4b", ".m4v", ".mka", ".mkv", ".mov", ".mp1", ".mp2", ".mp3", ".mp4", ".mpc",
        ".mpeg", ".mpg", ".mts", ".mxf", ".oga", ".ogg", ".ogm", ".ogv", ".opus", ".qt", ".ra",
        ".rm", ".snd", ".spx", ".tak", ".ts", ".tta", ".vob", ".voc", ".w64", ".wav", ".weba",
        ".webm", ".wma", ".wmv", ".wv",
    }
)
# fmt: on

Kind = Literal["file", "address", "stdin"]


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing to transcribe. ``name`` is what the user called it, ``stem`` the path of its
    results below the output directory, without an ending."""

    kind: Kind
    name: str
    stem: Path

    @property
    def path(self) -> Path:
        """Where a file is."""
        assert self.kind == "file"
        return Path(self.name)


@dataclass(frozen=True, kw_only=True)
class Named:
    """An item before its results have a name: ``folder`` is the place below the argument's."""

    kind: Kind
    name: str
    folder: Path
    file: str  # the name of the file, with its ending


def items_of(arguments: Sequence[str]) -> tuple[list[Item], list[MediaError]]:
    """The items in the order of the arguments, each once, and what is wrong with the others.

    ConfigError where the results of two could not be told apart.
    """
    found: dict[tuple[Kind, str], Named] = {}
    wrong: list[MediaError] = []
    for argument in arguments:
        try:
            for named in expanded(argument):
                found.setdefault((named.kind, named.name), named)
        except MediaError as error:
            wrong.append(error)
    stems = stems_of(list(found.values()))
    items = [
        Item(kind=named.kind, name=named.name, stem=stem)
        for named, stem in zip(found.values(), stems, strict=True)
    ]
    return items, wrong


def expanded(argument: str) -> Iterator[Named]:
    """What one argument names. MediaError for a folder or a pattern without anything in it."""
    if argument == STDIN:
        yield Named(kind="stdin", name=STDIN, folder=Path(), file="stdin")
    elif urlsplit_scheme(argument) in ("http", "https"):
        file = Path(unquote(urlsplit(argument).path)).name or urlsplit(argument).hostname or "sound"
        yield Named(kind="address", name=argument, folder=Path(), file=file.replace("\0", ""))
    elif Path(argument).is_dir():
        yield from inside(Path(argument))
    elif glob.has_magic(argument) and not Path(argument).exists():
        # Not Path.glob: a pattern may be absolute.
        matches = sorted(glob.glob(argument, recursive=True))  # noqa: PTH207
        if not matches:
            raise MediaError(f"{argument}: no file matches this pattern; name one that is there")
        for match in matches:
            path = Path(match)
            if not path.is_dir():
                yield Named(kind="file", name=match, folder=Path(), file=path.name)
            elif "**" not in argument:  # that names what is in it by itself
                yield from inside(path)
    else:
        yield Named(kind="file", name=argument, folder=Path(), file=Path(argument).name)


def urlsplit_scheme(argument: str) -> str:
    """The scheme of an address in small letters, '' where there is none."""
    return argument.partition("://")[0].lower() if "://" in argument else ""


def inside(folder: Path) -> Iterator[Named]:
    """The audio and video files in a folder and below it, by their endings; no hidden ones."""
    try:
        paths = sorted(folder.rglob("*"))
    except OSError as error:
        raise MediaError(f"{folder}: can't be read: {reason_of(error)}") from None
    chosen = [
        path
        for path in paths
        if path.suffix.lower() in SUFFIXES
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    if not chosen:
        raise MediaError(
            f"{folder}: no audio or video file is in this folder; name files to have them taken "
            f"whatever they are called"
        )
    for path in chosen:
        below = path.relative_to(folder).parent
        yield Named(kind="file", name=str(path), folder=below, file=path.name)


def stems_of(named: Sequence[Named]) -> list[Path]:
    """The path of each one's results without its ending; where two would get the same one, the
    whole name. ConfigError if that is the same too: one would overwrite the other."""
    short = [each.folder / (Path(each.file).stem or each.file) for each in named]
    shared = Counter(short)
    stems = [
        stem if shared[stem] == 1 else each.folder / each.file
        for each, stem in zip(named, short, strict=True)
    ]
    for stem, times in Counter(stems).items():
        if times > 1:
            raise ConfigError(
                f"{times} files are called {str(stem)!r}, and their results would overwrite each "
                f"other; transcribe them one by one into different --output_dir"
            )
    return stems
