"""A lock: every package of one build with the hashes its file may have, as pip reads it.

The file is a requirements file. Comments divide it into parts that are installed apart and carry
what pip has no syntax for: whose lock it is, what it was made from, how many entries it has, the
size of each file, and what is still open because no index could be asked for its hash.

A build reads it through this module as well, by itself and its two imports: a lock that was cut
short, or has a part that nobody knows, is an error there too.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from probe.errors import ProbeError
from probe.exit_codes import ExitCode

# Format 1 wrote no such line. Its open torch stood for whatever that torch requires, which was then
# installed without a hash: no lock of it may be read any more.
FORMAT = 2
FORMAT_LINE = re.compile(r"# format: (?P<number>\d{1,9})")
PARTS = ("packages", "source", "build")
ALL_PARTS = (*PARTS, "open")
PART = re.compile(r"# \[(?P<part>[^]]*)\]")
FIELDS = ("format", "build", "for", "inputs", "entries")
FIELD = re.compile(r"# (?P<name>build|for|inputs|entries): (?P<value>.+)")
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)={2,3}(?P<version>[^\s\\;=]+)(?: \\)?")
HASH = re.compile(r" +--hash=sha256:(?P<hash>[0-9a-f]{64})(?: \\|  # (?P<size>\d+) bytes)?")
OPEN = re.compile(r"# (?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)")

HEAD = """\
# Made from images/catalog.toml by `make lock`: change that, not this (docs/locks.md).
# format: {format}
# build: {build}
# for: {platform}
# inputs: {inputs}
# entries: {entries}
"""
HEADINGS = {
    "packages": "wheels, every one that is installed",
    "source": "built from its source archive, without what it requires: that is above",
    "build": "builds the above; not shipped",
    "open": "installed as well; no index could be asked for its hash",
}


class LockError(ProbeError):
    """A lock can't be read, or lacks what is asked of it."""

    exit_code = ExitCode.LOCK


class LaterLockError(ProbeError):
    """A lock of a format that came after this version.

    No LockError: who makes a lock anew where the old one can't be read must not write over this.
    """

    exit_code = ExitCode.LOCK


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One package: the name as its index spells it, the version, the SHA-256 its files may have.

    ``size`` is that of the file in bytes, None where it is not known.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    size: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Normalised name and version, by which a wheel's file name is recognised."""
        return normalise(self.name), self.version


@dataclass(frozen=True, kw_only=True)
class Lock:
    """Whose lock, what it was made from, and its parts. ``open`` holds entries without a hash."""

    build: str  # cuda-2.13.0-cu130
    platform: str  # cp311 x86_64
    inputs: str  # digest of what the catalog asks for
    packages: tuple[Entry, ...] = ()
    source: tuple[Entry, ...] = ()
    tools: tuple[Entry, ...] = ()
    open: tuple[Entry, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of everything that is installed; two locks with one digest install the same."""
        return digest((*self.packages, *self.source), self.platform)


def digest(entries: Iterable[Entry], platform: str) -> str:
    """SHA-256 over the names, versions and hashes of ``entries``, in any order."""
    lines = sorted(f"{normalise(e.name)}=={e.version} {' '.join(e.hashes)}" for e in entries)
    return hashlib.sha256("\n".join([platform, *lines]).encode()).hexdigest()


def normalise(name: str) -> str:
    """A distribution's name as indexes compare it: ``Mastodon.py`` is ``mastodon-py``."""
    return re.sub(r"[-_.]+", "-", name).lower()


def render(lock: Lock) -> str:
    """The lock file's text; every part has its heading, also one without an entry."""
    parts = {"packages": lock.packages, "source": lock.source, "build": lock.tools}
    head = HEAD.format(
        format=FORMAT,
        build=lock.build,
        platform=lock.platform,
        inputs=lock.inputs,
        entries=sum(len(entries) for entries in (*parts.values(), lock.open)),
    )
    blocks = [
        f"\n# [{name}] {HEADINGS[name]}\n{requirements(entries)}" for name, entries in parts.items()
    ]
    lines = "".join(f"# {entry.name}=={entry.version}\n" for entry in lock.open)
    return head + "".join(blocks) + f"\n# [open] {HEADINGS['open']}\n{lines}"


def requirements(entries: Iterable[Entry]) -> str:
    """Entries as lines of a requirements file, in the order of their names."""
    text = ""
    for entry in sorted(entries, key=lambda entry: normalise(entry.name)):
        hashes = " \\\n".join(f"    --hash=sha256:{value}" for value in entry.hashes)
        size = f"  # {entry.size} bytes" if entry.size is not None else ""
        text += f"{pin(entry.name, entry.version)} \\\n{hashes}{size}\n"
    return text


def pin(name: str, version: str) -> str:
    """A requirement for exactly this version.

    '==2.13.0' would also take 2.13.0+cpu, which a folder of wheels may offer; '===' does not.
    """
    return f"{name}==={version}" if name == "torch" and "+" not in version else f"{name}=={version}"


def read(path: Path) -> Lock:
    """The lock in a file. Raises LockError that names the file and, where one is bad, the line.

    Raises LaterLockError for one of a later format.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not text"
        raise LockError(f"{path}: {why}; make it again with `make lock`") from error
    return parse(text, str(path))


def parse(text: str, source: str = "lock") -> Lock:
    """The lock in a text. A LockError names the first line that ``render`` would not write.

    Raises LaterLockError where the lock says that it is of a later format.
    """
    fields: dict[str, str] = {}
    parts: dict[str, list[Entry]] = {}
    part = ""
    for number, line in enumerate(text.splitlines(), 1):
        entries = parts.get(part)
        if match := PART.match(line):
            part = match["part"]
            if part in parts or part not in ALL_PARTS:
                raise LockError(
                    f"{source}:{number}: [{part}] is no part of a lock, or a second one"
                )
            parts[part] = []
        elif match := FORMAT_LINE.fullmatch(line):
            _require_format(int(match["number"]), source)
            fields["format"] = match["number"]
        elif match := FIELD.fullmatch(line):
            fields[match["name"]] = match["value"]
        elif entries is not None and (match := (OPEN if part == "open" else PIN).fullmatch(line)):
            entries.append(Entry(name=match["name"], version=match["version"], hashes=()))
        elif part in PARTS and entries and (match := HASH.fullmatch(line)):
            entries[-1] = _with_hash(entries[-1], match)
        elif line and not (line.startswith("# ") and not parts):  # words of ours stand at the top
            raise LockError(f"{source}:{number}: {line[:80]!r} is no line of a lock; `make lock`")
    _require_whole(fields, parts, source)
    return Lock(
        build=fields["build"],
        platform=fields["for"],
        inputs=fields["inputs"],
        packages=tuple(parts["packages"]),
        source=tuple(parts["source"]),
        tools=tuple(parts["build"]),
        open=tuple(parts["open"]),
    )


def _with_hash(entry: Entry, match: re.Match[str]) -> Entry:
    return Entry(
        name=entry.name,
        version=entry.version,
        hashes=(*entry.hashes, match["hash"]),
        size=int(match["size"]) if match["size"] else None,
    )


def _require_whole(fields: dict[str, str], parts: dict[str, list[Entry]], source: str) -> None:
    """LockError where a line, a part, a hash or an entry that ``render`` writes is not there."""
    if "format" not in fields:
        _require_format(1, source)
    if missing := [name for name in FIELDS if name not in fields]:
        raise LockError(f"{source}: no {', '.join(missing)} line; make it again with `make lock`")
    if missing := [name for name in ALL_PARTS if name not in parts]:
        raise LockError(f"{source}: no part [{missing[0]}]; make it again with `make lock`")
    if bare := [entry.name for name in PARTS for entry in parts[name] if not entry.hashes]:
        raise LockError(f"{source}: no hash of {bare[0]}; make it again with `make lock`")
    count = sum(len(entries) for entries in parts.values())
    if fields["entries"] != str(count):
        raise LockError(
            f"{source}: {count} entries where its head says {fields['entries']}: a part of the "
            f"file is lost; make it again with `make lock`"
        )


def _require_format(number: int, source: str) -> None:
    if number > FORMAT:
        raise LaterLockError(
            f"{source}: a lock of format {number}, and this version reads format {FORMAT}; use the "
            f"version that made it (alternator --version tells which this is)"
        )
    if number != FORMAT:
        raise LockError(
            f"{source}: a lock of format {number}, which is not read any more; make it again with "
            f"`make lock`"
        )
