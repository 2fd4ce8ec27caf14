"""What weighs what in an image: every file, sorted by layer and by package."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from images.contents.run_in_image import ask
from images.engine.engine import Engine
from images.errors import EngineError
from images.typed_json import ShapeError, typed

LIST_FILES = Path(__file__).parents[1] / "scripts" / "list_files.py"
SITE_PACKAGES = "/site-packages/"
OURS = ("alternator", "probe")
# Below this a file is not worth a line of its own within its package.
WORTH_A_LINE = 5_000_000

Layer = Literal["base", "tools", "packages", "code"]
LAYERS: tuple[Layer, ...] = ("base", "tools", "packages", "code")
TITLES: Mapping[Layer, str] = {
    "base": "base (Debian and Python)",
    "tools": "tools (ffmpeg, the init)",
    "packages": "Python packages",
    "code": "the project's code",
}
# What the tools layer puts beside the base's files (images/scripts/debian/build-ffmpeg.sh).
TOOLS = {"ffmpeg": "ffmpeg", "tini": "tini", "libdav1d.so.6": "libdav1d6"}


@dataclass(frozen=True, kw_only=True)
class Package:
    """One package in one layer: its bytes, and its large files by name."""

    layer: Layer
    name: str
    size: int
    files: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """An image's packages, the largest first. ``size`` is what the engine reports, in bytes."""

    tag: str
    size: int
    packages: tuple[Package, ...]

    def of_layer(self, layer: Layer) -> list[Package]:
        """The packages of a layer, the largest first."""
        return [package for package in self.packages if package.layer == layer]

    def by_name(self) -> dict[str, int]:
        """Bytes by ``layer/package``: what two images are compared by."""
        return {f"{package.layer}/{package.name}": package.size for package in self.packages}


class FileTables(TypedDict):
    """What ``images/scripts/list_files.py`` prints; its docstring says what the tables hold."""

    files: list[tuple[str, int]]
    debian: dict[str, list[str]]
    python: dict[str, str]


def weigh(engine: Engine, tag: str) -> Weights:
    """Look into an image; EngineError if it is not here or has no Python to look with."""
    found = file_tables(ask(engine, tag, LIST_FILES))
    packages = sort_files(found["files"], found["debian"], found["python"])
    return Weights(tag=tag, size=engine.inspect(tag).size, packages=tuple(packages))


def file_tables(answer: object) -> FileTables:
    """The script's answer; EngineError for one of another shape."""
    try:
        return typed(FileTables, answer, "it")
    except ShapeError as error:
        raise EngineError(f"the image's list of files is of an unknown shape: {error}") from error


def sort_files(
    files: Iterable[tuple[str, int]],
    debian: Mapping[str, Iterable[str]],
    python: Mapping[str, str],
) -> list[Package]:
    """The packages that files belong to, the largest first; tables as list_files.py has them."""
    owners = {usr(path): name for name, paths in debian.items() for path in paths}
    sizes: dict[tuple[Layer, str], int] = defaultdict(int)
    large: dict[tuple[Layer, str], dict[str, int]] = defaultdict(dict)
    for path, size in files:
        key = owner(path, owners, python)
        sizes[key] += size
        if size >= WORTH_A_LINE:
            large[key][path.rpartition("/")[2]] = size
    return [
        Package(layer=layer, name=name, size=size, files=large[layer, name])
        for (layer, name), size in sorted(sizes.items(), key=lambda item: (-item[1], item[0]))
    ]


def owner(path: str, debian: Mapping[str, str], python: Mapping[str, str]) -> tuple[Layer, str]:
    """The layer and the package of a file."""
    if path.startswith(("/opt/alternator/", "/usr/share/licenses/")):
        return _python_owner(path, python)
    if usr(path) in debian:
        return "base", debian[usr(path)]
    name = path.rpartition("/")[2]
    if name in TOOLS:
        return "tools", TOOLS[name]
    if "/python3" in path:
        return "base", "byte-code of Python's own library"
    return "base", "files of no package"


def usr(path: str) -> str:
    """The path since /bin, /lib and /sbin are in /usr, which dpkg's lists are older than."""
    return f"/usr{path}" if path.startswith(("/bin/", "/lib", "/sbin/")) else path


def _python_owner(path: str, python: Mapping[str, str]) -> tuple[Layer, str]:
    _, _, below = path.partition(SITE_PACKAGES)
    if not below:
        return "packages", "licences" if "/licenses/" in path else "environment"
    first = below.partition("/")[0]
    name = python.get(below) or python.get(first) or first
    if first in OURS or name in OURS:
        return "code", name if name in OURS else first
    return "packages", "byte-code" if path.endswith(".pyc") else name
