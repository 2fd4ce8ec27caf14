"""The base that an image runs on: the build's base without what only installs and administers.

Builds need apt, dpkg and perl; a container that runs as a number on a read-only root can use none
of them, and they are a third of the base. A layer on top can take nothing off, so the base is
exported, filtered by the lists of images/slim_base.toml, and imported again: once for each base and
list.
What is removed is also removed from dpkg's records, which bills of materials and scanners read.
"""

import hashlib
import io
import re
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO, cast

from docker.errors import DockerException

from images.build.provenance import EARLIEST
from images.build.reproducible import reset_times
from images.catalog import CHECKOUT
from images.engine.answers import ImageFacts
from images.engine.engine import Engine
from images.engine.platforms import Platform
from images.errors import EngineError

TABLE = CHECKOUT / "images" / "slim_base.toml"
REPOSITORY = "alternator-base"
PULL_S = 900
TRANSFER_S = 300  # the engine gives and takes 120 MB
SOURCE_LABEL = "alternator.base.slimmed"
STATUS = "var/lib/dpkg/status"
INFO = "var/lib/dpkg/info/"
CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Lists:
    """The ``packages`` of Debian and the ``paths`` (patterns below the root) that are left out."""

    packages: frozenset[str]
    paths: tuple[str, ...]


def read_lists(path: Path = TABLE) -> Lists:
    """The committed lists."""
    table = tomllib.loads(path.read_text("utf-8"))
    return Lists(
        packages=frozenset(name for names in table["packages"].values() for name in names),
        paths=tuple(table["paths"]["left_out"]),
    )


def slim(engine: Engine, reference: str, platform: Platform) -> str:
    """The tag of the slim base made from ``reference``; pulled and made now if need be.

    EngineError where it is not here and can't be pulled.
    """
    source = engine.find(reference) or pull(engine, reference, platform)
    tag = slim_tag(source, platform)
    if engine.find(tag) is not None:
        return tag
    started = time.time()
    with tempfile.TemporaryDirectory(prefix="alternator-base-") as folder:
        whole, filtered = Path(folder, "whole.tar"), Path(folder, "slim.tar")
        export(engine, reference, whole)
        with tarfile.open(whole) as archive, tarfile.open(filtered, "w") as slimmed:
            write_slim(archive, slimmed, read_lists(), started)
        with engine.patience(TRANSFER_S) as client:
            client.api.import_image_from_file(
                str(filtered),
                repository=REPOSITORY,
                tag=tag.partition(":")[2],
                changes=[*instructions(source.config), f"LABEL {SOURCE_LABEL}={source.image_id}"],
            )
    imported = engine.inspect(tag).image_id
    if reset_times(engine, tag, EARLIEST, platform.architecture) != imported:
        with suppress(DockerException):  # it may be another's meanwhile
            engine.client.images.remove(imported)
    return tag


def slim_tag(source: ImageFacts, platform: Platform) -> str:
    """The local tag of what is made of a base by the lists as they are now."""
    made_of = hashlib.sha256(source.image_id.encode() + TABLE.read_bytes()).hexdigest()
    return f"{REPOSITORY}:slim-{made_of[:8]}-{platform.architecture}"


def pull(engine: Engine, reference: str, platform: Platform) -> ImageFacts:
    """A base that is not here yet; EngineError where its registry does not give it."""
    try:
        with engine.patience(PULL_S) as client:
            client.images.pull(reference, platform=str(platform))
    except DockerException as error:
        raise EngineError(f"the base {reference} can't be pulled: {error}") from error
    return engine.inspect(reference)


def export(engine: Engine, reference: str, path: Path) -> None:
    """Write an image's root file system to a file, as the engine exports it."""
    container = engine.client.containers.create(reference, ["true"])
    try:
        with engine.patience(TRANSFER_S), path.open("wb") as file:
            for chunk in container.export(chunk_size=CHUNK):
                file.write(cast(bytes, chunk))
    finally:
        container.remove(force=True, v=True)


def instructions(config: object) -> list[str]:
    """The environment of a base, as instructions for an import, which takes over nothing."""
    known = dict(config) if isinstance(config, dict) else {}
    return [
        f"ENV {name}={_quoted(value)}"
        for name, _, value in (str(entry).partition("=") for entry in known.get("Env") or ())
    ]


def _quoted(value: str) -> str:
    escaped = re.sub(r'([\\"$])', r"\\\1", value)
    return f'"{escaped}"'


def write_slim(
    archive: tarfile.TarFile, slimmed: tarfile.TarFile, lists: Lists, started: float
) -> None:
    """Copy an archive of a root file system without what the lists leave out.

    What the engine made for the export, since ``started`` (seconds since 1970), gets a fixed time.
    """
    gone = paths_of(archive, lists)
    for entry in archive:
        path = entry.name.removeprefix("./").strip("/")
        if path in gone or any(_matches(path, pattern) for pattern in lists.paths):
            continue
        if _is_record_of(path, lists.packages):
            continue
        if entry.mtime >= int(started):
            entry.mtime = EARLIEST
            entry.pax_headers = {
                name: text for name, text in entry.pax_headers.items() if not name.endswith("time")
            }
        if path == STATUS:
            content = without(_text(archive, entry), lists.packages).encode()
            entry.size = len(content)
            slimmed.addfile(entry, io.BytesIO(content))
        else:
            slimmed.addfile(entry, _file(archive, entry))


def paths_of(archive: tarfile.TarFile, lists: Lists) -> set[str]:
    """The paths of the packages that go, as they stand in the archive; directories stay.

    A merged /usr makes /bin/su of a package's list usr/bin/su of the archive.
    """
    named: set[str] = set()
    directories: set[str] = set()
    links = {}
    for entry in archive:
        path = entry.name.removeprefix("./").strip("/")
        if entry.isdir():
            directories.add(path)
        elif entry.issym() and "/" not in path:
            links[path] = entry.linkname.strip("/")
        if path.startswith(INFO) and path.endswith(".list") and _is_record_of(path, lists.packages):
            named.update(line.strip("/") for line in _text(archive, entry).splitlines())
    merged = {_merged(path, links) for path in named}
    return merged - directories


def _merged(path: str, links: dict[str, str]) -> str:
    first, slash, rest = path.partition("/")
    return f"{links[first]}{slash}{rest}" if first in links else path


def _matches(path: str, pattern: str) -> bool:
    """Whether a path is what a pattern names, or below it."""
    parts = PurePosixPath(path).parts
    depth = len(PurePosixPath(pattern).parts)
    return len(parts) >= depth and fnmatchcase("/".join(parts[:depth]), pattern)


def _is_record_of(path: str, packages: Iterable[str]) -> bool:
    """Whether a path is dpkg's record of one of the packages: ``info/login.list``."""
    name = path.removeprefix(INFO)
    if name == path:
        return False
    package = name.rpartition(".")[0].partition(":")[0]
    return package in frozenset(packages)


def without(status: str, packages: Iterable[str]) -> str:
    """dpkg's status without the paragraphs of some packages."""
    gone = frozenset(packages)
    kept = [paragraph for paragraph in _paragraphs(status) if _package(paragraph) not in gone]
    return "".join(f"{paragraph}\n\n" for paragraph in kept)


def _paragraphs(status: str) -> Iterator[str]:
    yield from (part for part in status.strip("\n").split("\n\n") if part)


def _package(paragraph: str) -> str:
    found = re.search(r"^Package: (\S+)$", paragraph, re.MULTILINE)
    return found[1] if found else ""


def _text(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> str:
    file = archive.extractfile(entry)
    return "" if file is None else file.read().decode("utf-8")


def _file(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes] | None:
    return archive.extractfile(entry) if entry.isreg() else None
