"""The wheelhouse: every Python package of an image, fetched by this machine's own pip.

The host's pip knows the site's index, find-links, certificates and proxies; a build knows none of
them. So the packages are fetched here, each held to the hash in the image's lock, and the build
installs from the folder alone.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from images.catalog import CHECKOUT, Catalog, PythonImage, Sandbox, Universal, Variant
from images.console import Console, StatusLine
from images.errors import WheelhouseError
from images.packages import committed_locks, torch_wheel
from images.packages.download import Download
from images.packages.known_torch import KnownTorch, load_known
from images.packages.make_lock import Completed, complete
from images.packages.pip import Pip
from images.packages.resolve import Resolver
from images.packages.targets import (
    Target,
    all_targets,
    sandbox_target,
    universal_target,
    variant_target,
)
from probe.prove.installed_torch import mismatch
from probe.tables.builds import Table, load_table
from probe.universal.lock import Entry, Lock, render

POOL = CHECKOUT / ".cache" / "wheels"
MOUNTED = CHECKOUT / "images" / "wheelhouse"  # what the Dockerfiles mount, a folder for each image
COMPLETE = "complete.json"
LOCK = "wheels.lock"  # the lock that this folder's files were held to, with no entry open
ARCHIVES = ("*.whl", "*.tar.gz")


_NOTHING = Lock(build="", platform="", inputs="")


class Record(TypedDict):
    """What a pool's ``complete.json`` holds: what it was filled for, and each file's bytes.

    ``unvouched`` names what was held to no hash but that of a file of this machine.
    """

    key: str
    files: dict[str, int]
    unvouched: list[str]


@dataclass(frozen=True, kw_only=True)
class Wheelhouse:
    """Fetches packages into pools and links them to the folders that builds mount.

    ``environ`` is pip's. ``checkout`` is where the locks are; ``pool`` and ``mounted`` keep what is
    fetched apart from what an operator's builds use.
    """

    catalog: Catalog
    environ: Mapping[str, str]
    console: Console
    table: Table = field(default_factory=load_table)
    known: KnownTorch = field(default_factory=load_known)
    checkout: Path = CHECKOUT
    pool: Path = POOL
    mounted: Path = MOUNTED

    def fill(self, image: PythonImage, machine: str) -> Path:
        """Fetch what an image needs and link it to ``images/wheelhouse/<image>``; returns that.

        ``machine`` is the architecture to fetch for. Raises WheelhouseError where the torch build
        can't be had, with the ways to supply it, and where a file is not the one that was locked.
        """
        target = self._target(image, machine)
        pool = self.pool / target.label
        committed = committed_locks.load(target, self.checkout)
        if not _is_complete(pool, _key(target, committed)):
            with self.console.status() as status:
                unvouched = self._fetch(target, committed, pool, status)
                # What completed the lock in the checkout must not make this pool another one's.
                key = _key(target, committed_locks.load(target, self.checkout))
                _finish(pool, key, [f"{entry.name} {entry.version}" for entry in unvouched])
                status.done(f"{_summary(pool)} for {target.label}")
        record: Record = json.loads((pool / COMPLETE).read_text("utf-8"))
        if record["unvouched"]:
            names = ", ".join(record["unvouched"])
            self.console.say(f"  without a published hash, from a folder of this machine: {names}")
        return _link(pool, self.mounted / target.folder)

    def prepare_locks(self, fallback: Variant, machine: str) -> Path:
        """The locks for the universal image on ``machine``; says of which torch they have no hash.

        Only the lock of ``fallback``, which every machine can use, must have nothing open.
        """
        lock = committed_locks.load(self._target(fallback, machine), self.checkout)
        if lock is None or lock.open:
            self.fill(fallback, machine)
        folder = self.gather_locks(machine)
        completed = {path.name for path in folder.glob("*.lock")}
        names = [
            f"{entry.name} {entry.version}"
            for target in all_targets(self.catalog)
            if target.machine == machine and target.path.name not in completed
            for entry in (committed_locks.load(target, self.checkout) or _NOTHING).open
        ]
        if names:
            self.console.say(
                f"  without a hash in its locks, so never installed by it: {', '.join(names)}"
            )
        return folder

    def gather_locks(self, machine: str) -> Path:
        """The folder of locks for ``machine`` that were completed here and not in the checkout.

        An image built elsewhere could not verify such a build: its lock is still open there.
        """
        folder = self.mounted / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        for stale in folder.glob("*.lock"):
            stale.unlink()
        for target in all_targets(self.catalog):
            if target.machine != machine:
                continue
            pool = self.pool / target.label
            lock = committed_locks.load(target, self.checkout)
            if lock is not None and lock.open and _is_complete(pool, _key(target, lock)):
                shutil.copyfile(pool / LOCK, folder / target.path.name)
        return folder

    def _target(self, image: PythonImage, machine: str) -> Target:
        match image:
            case Variant():
                return variant_target(self.catalog, image, machine)
            case Universal():
                return universal_target(self.catalog, machine)
            case Sandbox():
                return sandbox_target(self.catalog, machine)

    def _fetch(
        self, target: Target, committed: Lock | None, pool: Path, status: StatusLine
    ) -> tuple[Entry, ...]:
        """Fill an emptied pool with the files of the lock; pip refuses one with another hash.

        Returns what was held to the hash of a file of this machine.
        """
        _start_over(pool)
        pip = Pip(environ=self.environ, status=status, machine=target.machine)
        resolver = Resolver(pip=pip, table=self.table, known=self.known)
        completed = (
            complete(target, committed, resolver, self.checkout)
            if committed is None or committed.open
            else Completed(lock=committed, from_index=True)
        )
        lock = completed.lock
        status.update(f"fetching the packages of {target.label}")
        download = Download(pip=pip, pool=pool)
        # Apart: torch may want another version of a tool than builds our own wheel.
        download.run(lock.tools)
        entries = {*lock.packages, *lock.source}
        build = resolver.build_of(target.variant) if target.variant is not None else None
        if build is None or build.default:
            download.run(entries)
        else:
            # A torch that came from a folder came so because its index is out of reach.
            index_url = build.index_url if completed.from_index else None
            torch = {entry for entry in entries if entry.key[0] == "torch"}
            download.first_here(torch, index_url)
            download.first_elsewhere(entries - torch, index_url)
        if target.variant is not None:
            _assert_build(target.variant, next(pool.glob("torch-*.whl")))
        (pool / LOCK).write_text(render(lock), "utf-8")
        return completed.unvouched


def _assert_build(variant: Variant, wheel: Path) -> None:
    found = torch_wheel.read(wheel)
    problem = mismatch(
        variant.name,
        variant.torch,
        variant.wheel,
        {"torch": found.version.partition("+")[0], "cuda": found.cuda, "hip": found.hip},
    )
    if problem:
        wheel.unlink()
        raise WheelhouseError(f"{wheel.name} is another build than its name says: {problem}")


def _key(target: Target, committed: Lock | None) -> str:
    """What a pool was filled for: the catalog's wish and the lock that it was held to."""
    text = json.dumps([target.inputs, target.platform, committed and render(committed)])
    return hashlib.sha256(text.encode()).hexdigest()


def _is_complete(pool: Path, key: str) -> bool:
    """Whether an earlier run fetched exactly this and every file is still there at its size."""
    try:
        record: Record = json.loads((pool / COMPLETE).read_text("utf-8"))
        files = {name: (pool / name).stat().st_size for name in record["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return record["key"] == key and files == record["files"] and "unvouched" in record


def _finish(pool: Path, key: str, unvouched: Sequence[str] = ()) -> None:
    files = {file.name: file.stat().st_size for file in _files(pool)}
    record: Record = {"key": key, "files": files, "unvouched": [*unvouched]}
    (pool / COMPLETE).write_text(json.dumps(record, indent=1) + "\n", "utf-8")


def _files(pool: Path) -> list[Path]:
    """The packages in a pool or folder, with the lock they were held to."""
    return sorted(path for pattern in (*ARCHIVES, LOCK) for path in pool.glob(pattern))


def _start_over(pool: Path) -> None:
    """Empty the pool: a wheel left from another version would be installed in its place."""
    shutil.rmtree(pool, ignore_errors=True)
    pool.mkdir(parents=True)


def _link(pool: Path, folder: Path) -> Path:
    """Make ``folder`` hold hard links to exactly the packages of ``pool``."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {file.name: file for file in _files(pool)}
    for stale in _files(folder):
        if stale.name not in files or not stale.samefile(files[stale.name]):
            stale.unlink()
    for name, file in files.items():
        if not (folder / name).exists():
            os.link(file, folder / name)
    return folder


def _summary(pool: Path) -> str:
    files = [file for pattern in ARCHIVES for file in pool.glob(pattern)]
    size_mb = sum(file.stat().st_size for file in files) / 1e6
    return f"{len(files)} packages, {size_mb:.0f} MB,"
