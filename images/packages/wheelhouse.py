"""The wheelhouse: every Python package of an image, fetched by this machine's own pip.

The host's pip knows the site's index, find-links, certificates and proxies; a build knows none of
them. So the packages are fetched here, each held to the hash in the image's lock, and the build
installs from the folder alone.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path

from images.catalog import CHECKOUT, Catalog, Variant
from images.console import StatusLine
from images.engine.platforms import this_machine
from images.errors import WheelhouseError
from images.packages import lock as locks
from images.packages import pip, resolve, torch_wheel
from images.packages.lock import Target
from probe.prove.installed_torch import mismatch
from probe.universal.lock import Lock, render, requirements

POOL = CHECKOUT / ".cache" / "wheels"
COMPLETE = "complete.json"
LOCK = "wheels.lock"  # the lock that this folder's files were held to, with no entry open
ARCHIVES = ("*.whl", "*.tar.gz")


def fill_variant(
    catalog: Catalog,
    variant: Variant,
    *,
    machine: str | None = None,
    pool_root: Path = POOL,
    checkout: Path = CHECKOUT,
    into: Path | None = None,
) -> Path:
    """Fetch what ``variant`` needs and link it to ``images/wheelhouse/<variant>``; returns that.

    ``machine`` is the architecture to fetch for, this machine's if it is None. ``checkout`` is
    where the lock is; ``into`` is another folder to link to.
    Raises WheelhouseError where the torch build can't be had, with the ways to supply it, and where
    a file is not the one that was locked.
    """
    target = locks.variant_target(catalog, variant, machine or this_machine())
    return _fill(target, pool_root, checkout, into)


def fill_universal(catalog: Catalog, machine: str, *, pool_root: Path = POOL) -> Path:
    """Fetch what the universal image holds before it has installed any build."""
    return _fill(locks.universal_target(catalog, machine), pool_root)


def gather_locks(
    catalog: Catalog,
    machine: str,
    *,
    pool_root: Path = POOL,
    checkout: Path = CHECKOUT,
    into: Path | None = None,
) -> Path:
    """The folder of locks for ``machine`` that were completed here and not in the checkout.

    An image built elsewhere could not verify such a build: its lock is still open there.
    """
    folder = into or CHECKOUT / "images" / "wheelhouse" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.lock"):
        stale.unlink()
    for target in locks.targets(catalog):
        if target.machine != machine:
            continue
        pool = pool_root / target.label
        committed = locks.load(target, checkout)
        if committed is not None and committed.open and _is_complete(pool, _key(target, committed)):
            shutil.copyfile(pool / LOCK, folder / target.path.name)
    return folder


def fill_sandbox(catalog: Catalog, machine: str, *, pool_root: Path = POOL) -> Path:
    """Fetch what the sandbox image needs; returns the folder the build mounts."""
    return _fill(locks.sandbox_target(catalog, machine), pool_root)


def _fill(
    target: Target, pool_root: Path, checkout: Path = CHECKOUT, into: Path | None = None
) -> Path:
    pool = pool_root / target.label
    committed = locks.load(target, checkout)
    key = _key(target, committed)
    with StatusLine() as status:
        if not _is_complete(pool, key):
            _start_over(pool)
            lock, from_index = committed, True
            if lock is None or lock.open:
                lock, from_index = locks.complete(target, lock, status, checkout)
            # A torch that came from a folder came so because its index is out of reach.
            _download(target, lock, pool, status, torch_index=from_index)
            (pool / LOCK).write_text(render(lock), "utf-8")
            # What completed the lock in the checkout must not make this pool another one's.
            _finish(pool, _key(target, locks.load(target, checkout)))
            status.done(f"{_summary(pool)} for {target.label}")
    return _link(pool, into or CHECKOUT / "images" / "wheelhouse" / target.folder)


def _download(
    target: Target, lock: Lock, pool: Path, status: StatusLine, *, torch_index: bool
) -> None:
    """Fetch each file of the lock; pip refuses one with another hash."""
    status.update(f"fetching the packages of {target.label}")
    wanted = pool / "requirements.txt"
    wanted.write_text(requirements({*lock.packages, *lock.source, *lock.tools}), "utf-8")
    arguments = ["download", "--quiet", "--no-deps", "--require-hashes", "--dest", str(pool)]
    if target.variant is not None and torch_index:
        build = resolve.build_of(target.variant)
        # Hashes decide which file is taken, so one more index can't change what is installed.
        arguments += [] if build.default else ["--extra-index-url", build.index_url]
    arguments += ["--requirement", str(wanted)]
    pip.run(arguments, status, log=pool / "pip.log", machine=target.machine)
    if target.variant is not None:
        _assert_build(target.variant, next(pool.glob("torch-*.whl")))


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
    platform = resolve.platform_of(target.machine)
    text = json.dumps([target.inputs, platform, committed and render(committed)])
    return hashlib.sha256(text.encode()).hexdigest()


def _is_complete(pool: Path, key: str) -> bool:
    """Whether an earlier run fetched exactly this and every file is still there at its size."""
    try:
        record = json.loads((pool / COMPLETE).read_text("utf-8"))
        files = {name: (pool / name).stat().st_size for name in record["files"]}
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return bool(record["key"] == key and files == record["files"])


def _finish(pool: Path, key: str) -> None:
    files = {file.name: file.stat().st_size for file in _files(pool)}
    record = {"key": key, "files": files}
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
