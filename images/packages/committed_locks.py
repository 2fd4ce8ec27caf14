"""The locks in the checkout: read, written, and compared with the catalog without any network.

Only an index's hashes are committed. The file's format has one owner, ``probe.universal.lock``,
because the universal image reads it too, and so does images/scripts/install_packages.py in a build.
"""

from collections.abc import Iterator
from pathlib import Path

from images.catalog import CHECKOUT, Catalog
from images.errors import StaleError
from images.packages.resolve import torch_version
from images.packages.targets import Target, all_targets
from probe.tables.builds import load_table
from probe.universal.lock import Lock, LockError, normalise, read, render


def save(lock: Lock, target: Target, checkout: Path = CHECKOUT) -> bool:
    """Write a lock into the checkout; whether that changed the file.

    Hashes that were known stay where this time no index could be asked for them, and so does a lock
    for another Python.
    """
    path = checkout / target.path
    text = render(lock)
    try:
        old = read(path)
    except LockError:
        old = None
    if old is not None and old.platform != lock.platform and old.inputs == lock.inputs:
        return False
    if old is not None and old.inputs == lock.inputs and {e.key for e in lock.open} & _hashed(old):
        return False
    if old is not None and render(old) == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return True


def _hashed(lock: Lock) -> set[tuple[str, str]]:
    """What a lock has a hash of."""
    return {entry.key for entry in (*lock.packages, *lock.source, *lock.tools)}


def load(target: Target, checkout: Path = CHECKOUT) -> Lock | None:
    """The committed lock of a target; None where it has none or one for another Python.

    Raises StaleError where the catalog asks for something else by now.
    """
    path = checkout / target.path
    if not path.exists():
        return None
    lock = read(path)
    for problem in problems(lock, target):
        raise StaleError(f"{target.path}: {problem}; run `make lock` and commit the result")
    return lock if lock.platform == target.platform else None


def problems(lock: Lock, target: Target) -> Iterator[str]:
    """What in a lock is not what the catalog asks for."""
    locked = {*_hashed(lock), *(entry.key for entry in lock.open)}
    for name, version in {**target.packages, **target.bare, **target.tools}.items():
        if (normalise(name), version) not in locked:
            yield f"the catalog pins {name}=={version} and the lock does not"
    if target.variant is not None:
        version = torch_version(load_table(), target.variant)
        if ("torch", version) not in locked:
            yield f"it has no torch {version}"
    if not lock.platform.endswith(f" {target.machine}"):
        yield f"it is for {lock.platform}"
    if lock.build != target.name or lock.inputs != target.inputs:
        yield f"it was made for {lock.build} from another catalog"


def check(catalog: Catalog, checkout: Path = CHECKOUT) -> None:
    """Raise a StaleError naming every committed lock that is missing or not the catalog's."""
    found: list[str] = []
    for target in all_targets(catalog):
        path = checkout / target.path
        if not path.exists():
            found.append(f"{target.path}: it is missing")
            continue
        found += [f"{target.path}: {problem}" for problem in problems(read(path), target)]
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise StaleError(f"run `make lock` and commit the result:\n{lines}")
