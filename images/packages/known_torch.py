"""What is known of torch builds whose index can't be reached: ``known_torch.toml``, typed."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NotRequired, TypedDict

from images.errors import CatalogError
from images.typed_json import ShapeError, typed

FILE = Path(__file__).with_name("known_torch.toml")


class FileTable(TypedDict):
    """The index's own file for one machine, and who tells its hash."""

    machine: str
    sha256: str
    told_by: list[str]


class BuildTable(TypedDict):
    """One build."""

    torch: str
    wheel: str
    requires: list[str]
    source: str
    only_there: NotRequired[list[str]]
    file: NotRequired[list[FileTable]]


class KnownTable(TypedDict):
    """The whole file."""

    of_the_build: list[str]
    build: list[BuildTable]


@dataclass(frozen=True, kw_only=True)
class KnownFile:
    """The SHA-256 of the index's file, and the addresses of those who tell it."""

    sha256: str
    told_by: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class KnownBuild:
    """What a build requires beside what all builds of its version do.

    ``only_there`` are the pins, ``name==version``, that no index but PyTorch's carries; ``files``
    those files of the index whose hash is told, by machine.
    """

    torch: str
    wheel: str
    requires: tuple[str, ...]
    only_there: tuple[str, ...]
    files: dict[str, KnownFile]


@dataclass(frozen=True, kw_only=True)
class KnownTorch:
    """All that is known."""

    of_the_build: tuple[str, ...]
    builds: tuple[KnownBuild, ...]

    def find(self, torch: str, wheel: str) -> KnownBuild | None:
        """A build by torch's version and its tag."""
        for build in self.builds:
            if (build.torch, build.wheel) == (torch, wheel):
                return build
        return None

    def common(self, requires: Sequence[str]) -> list[str]:
        """Of one build's requirements those that all builds of its version have."""
        return [text for text in requires if not text.startswith(self.of_the_build)]


@cache
def load_known(path: Path = FILE) -> KnownTorch:
    """The committed file. CatalogError where it is of another shape."""
    try:
        table = typed(KnownTable, tomllib.loads(path.read_text("utf-8")), path.name)
    except (tomllib.TOMLDecodeError, ShapeError) as error:
        raise CatalogError(f"{path}: {error}") from error
    return KnownTorch(
        of_the_build=tuple(table["of_the_build"]),
        builds=tuple(_build(entry) for entry in table["build"]),
    )


def _build(entry: BuildTable) -> KnownBuild:
    return KnownBuild(
        torch=entry["torch"],
        wheel=entry["wheel"],
        requires=tuple(entry["requires"]),
        only_there=tuple(entry.get("only_there", ())),
        files={
            file["machine"]: KnownFile(sha256=file["sha256"], told_by=tuple(file["told_by"]))
            for file in entry.get("file", ())
        },
    )
