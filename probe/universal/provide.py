"""Chooses the build that this machine needs among the locked ones and has it in the volume."""

import platform
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from probe.decide.choice import ImageBuild
from probe.decide.choose import choose
from probe.decide.overrides import Overrides
from probe.errors import OverrideError
from probe.facts import Facts
from probe.frozen_record import replace
from probe.machine.variables import BUILDS_DIRECTORY, LOCKS
from probe.tables.builds import Build, Table, line_of
from probe.universal import volume, wheels
from probe.universal.errors import FetchError, HashError, InstallError
from probe.universal.install import Job, install, search_path
from probe.universal.installed import BUILDS, LOCK_FOLDER
from probe.universal.lock import Entry, Lock, LockError, digest, read

WHEELHOUSE = "/wheelhouse"
OWN_LOCK = "universal.lock"
BUILD_NAME = re.compile(r"(?P<backend>[a-z]+)-(?P<torch>[0-9.]+)-(?P<wheel>[a-z0-9.]+)")


@dataclass(frozen=True, kw_only=True)
class Locked:
    """A build that this image has a lock of; ``entries`` are those that the image itself lacks."""

    build: Build
    lock: Lock
    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """The build's directory: ``2.13.0-cu130-0f2a…``; another lock is another directory."""
        value = digest(self.entries, self.lock.platform)[:12]
        return f"{self.build.torch}-{self.build.wheel}-{value}"


@dataclass(frozen=True, kw_only=True)
class Provided:
    """A build that is installed, and the ``PYTHONPATH`` with which a process imports it."""

    build: ImageBuild
    python_path: str


class Provider:
    """Provides builds for the facts of a machine; remembers the one that it provided last."""

    def __init__(
        self, table: Table, wanted: Overrides, environ: Mapping[str, str], say: volume.Say
    ) -> None:
        self._environ = environ
        self._wanted = wanted
        self._table = table
        self._say = say
        self._root = Path(environ.get(BUILDS_DIRECTORY) or BUILDS)
        self._wheelhouse = Path(environ.get("ALTERNATOR_WHEELHOUSE") or WHEELHOUSE)
        self._locked = locked_builds(Path(environ.get(LOCKS) or LOCK_FOLDER), table)
        self._current: Provided | None = None

    def provide(self, facts: Facts) -> Provided:
        """The best build for these facts that can be had, installed.

        Where the CPU is what is left, the build that is provided already serves it too. Raises
        InstallError where none can be had, and at once where a file is not the locked one.
        """
        candidates = dict(self._locked)
        while True:
            try:
                choice = choose(facts, _only(self._table, candidates), self._wanted)
            except OverrideError:
                if self._current is None:
                    raise
                return self._current
            selection = choice.selection
            if selection.backend == "cpu" and self._current is not None:
                return self._current
            locked = candidates[selection.torch, selection.wheel]
            try:
                path = self._install(locked)
            except HashError:
                raise
            except (InstallError, LockError) as error:
                del candidates[selection.torch, selection.wheel]
                if isinstance(error, FetchError):  # no other build can be fetched either
                    candidates = {k: v for k, v in candidates.items() if self._is_here(v)}
                has_cpu = any(build.build.backend == "cpu" for build in candidates.values())
                if self._wanted.backend != "auto" or not has_cpu:
                    raise
                self._say(f"{error}; trying another build")
                continue
            build = ImageBuild(
                variant=locked.build.backend, torch=locked.build.torch, wheel=locked.build.wheel
            )
            self._current = Provided(build=build, python_path=search_path(path, self._environ))
            return self._current

    def _install(self, locked: Locked) -> Path:
        if locked.lock.open and not (self._root / locked.name).is_dir():
            raise LockError(
                f"this image's lock has no hash of torch {locked.build.torch} "
                f"{locked.build.wheel}, because its index could not be reached where the image was "
                f"built: run `make lock VARIANT={locked.build.backend}` where it can be, then "
                f"`make images VARIANT=universal`"
            )
        job = Job(
            build=locked.build,
            entries=locked.entries,
            root=self._root,
            wheelhouse=self._wheelhouse,
            environ=self._environ,
            say=self._say,
        )
        path = volume.ensure(
            self._root, locked.name, lambda work, lock: install(job, work, lock), self._say
        )
        for unused in volume.older(self._root, locked.name):
            self._say(f"{unused} is from an older image and can be removed")
        return path

    def _is_here(self, locked: Locked) -> bool:
        """Whether a build needs no network: installed, or wholly in the wheelhouse."""
        if (self._root / locked.name).is_dir():
            return True
        found = wheels.find(locked.entries, wheels.folders(self._wheelhouse))
        return not locked.lock.open and len(found) == len(locked.entries)


def locked_builds(folder: Path, table: Table) -> dict[tuple[str, str], Locked]:
    """The builds that the image has locks of, by torch version and wheel."""
    own = read(folder / OWN_LOCK)
    held = {entry.key for entry in (*own.packages, *own.source)}
    here = f"cp{sys.version_info[0]}{sys.version_info[1]} {platform.machine()}"
    found = {}
    for path in sorted(folder.glob("*.lock")):
        if path.name == OWN_LOCK:
            continue
        lock = read(path)
        match = BUILD_NAME.fullmatch(lock.build)
        if match is None:
            raise LockError(f"{path}: {lock.build!r} names no build; build the image again")
        build = table.find(line_of(match["torch"]), match["wheel"])
        if build is not None and lock.platform == here:
            entries = tuple(entry for entry in lock.packages if entry.key not in held)
            # A lock may hold an older patch release of the line than the table knows by now.
            build = replace(build, torch=match["torch"])
            found[build.torch, build.wheel] = Locked(build=build, lock=lock, entries=entries)
    if not any(locked.build.backend == "cpu" for locked in found.values()):
        raise LockError(
            f"{folder} has no lock of a CPU build for {here}: this image can't serve it"
        )
    return found


def _only(table: Table, candidates: dict[tuple[str, str], Locked]) -> Table:
    """The table with the locked builds alone, in its own order."""
    by_cell = {(c.build.line, c.build.wheel): c.build for c in candidates.values()}
    cells = [(build.line, build.wheel) for build in table.builds]
    return replace(table, builds=tuple(by_cell[cell] for cell in cells if cell in by_cell))
