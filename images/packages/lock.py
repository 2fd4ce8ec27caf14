"""The locks: every package of an image with its hash, made by one command, checked without network.

A lock stands beside the Dockerfile of its image, one for each machine architecture that its torch
has a build for: ``images/cuda/cuda-2.13.0-cu130.aarch64.lock``. Only an index's hashes are
committed. Where the torch of a build was not to be had from its index, the lock says so, and the
first build that reaches the index completes it.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from images.catalog import CHECKOUT, Catalog, Variant, machines
from images.console import StatusLine, say
from images.errors import CatalogError, StaleError, WheelhouseError
from images.packages import pip, resolve
from probe.tables.builds import load_table
from probe.universal.lock import Entry, Lock, LockError, normalise, read, render

PYTHON = "3.11"  # what the images run


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a lock is made from: pins by name, apart by how they are installed."""

    name: str  # cuda-2.13.0-cu130, sandbox, universal
    folder: str  # of the image, below images/
    machine: str  # x86_64, aarch64
    packages: Mapping[str, str]
    bare: Mapping[str, str]
    tools: Mapping[str, str]
    variant: Variant | None = None

    @property
    def path(self) -> Path:
        """The lock's path within a checkout."""
        return Path("images", self.folder, f"{self.label}.lock")

    @property
    def label(self) -> str:
        """The lock's name: what it is for, and for which machines."""
        return f"{self.name}.{self.machine}"

    @property
    def inputs(self) -> str:
        """Digest of what the catalog asks for: a lock with another one is stale."""
        wanted = [self.name, PYTHON, dict(self.packages), dict(self.bare), dict(self.tools)]
        return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]


def variant_target(catalog: Catalog, variant: Variant, machine: str) -> Target:
    """The target of one torch build of a variant."""
    return Target(
        name=variant.build,
        folder=variant.name,
        machine=machine,
        packages={
            **catalog.packages,
            **catalog.pins.get(f"{variant.torch}+{variant.wheel}", {}),
        },
        bare=catalog.packages_without_dependencies,
        tools=catalog.build_packages,
        variant=variant,
    )


def targets(catalog: Catalog) -> list[Target]:
    """Every lock that is committed."""
    builds = [build for variant in catalog.variants.values() for build in variant.locked_builds()]
    everywhere = load_table().cpu_arch
    return [
        *(
            variant_target(catalog, build, machine)
            for build in builds
            for machine in machines(build)
        ),
        *(universal_target(catalog, machine) for machine in everywhere),
        *(sandbox_target(catalog, machine) for machine in everywhere),
    ]


def universal_target(catalog: Catalog, machine: str) -> Target:
    """The target of the universal image itself, without any torch build."""
    return Target(
        name="universal",
        folder="universal",
        machine=machine,
        packages=catalog.universal.packages,
        bare=catalog.packages_without_dependencies,
        tools=catalog.build_packages,
    )


def sandbox_target(catalog: Catalog, machine: str) -> Target:
    """The target of the demo server's image."""
    return Target(
        name="sandbox",
        folder="sandbox",
        machine=machine,
        packages=catalog.sandbox_packages,
        bare={},
        tools={},
    )


def select(catalog: Catalog, names: Sequence[str]) -> list[Target]:
    """The targets of these variants or builds, all of them without a name; else a CatalogError."""
    known = targets(catalog)
    chosen = [t for t in known if not names or {t.label, t.name, t.folder} & set(names)]
    for name in names:
        if not any(name in (target.label, target.name, target.folder) for target in known):
            raise CatalogError(
                f"there is no lock {name!r}; choose from {', '.join(t.label for t in known)}"
            )
    return chosen


def make(
    target: Target,
    status: StatusLine,
    *,
    torch: resolve.Torch | None = None,
    environment: Mapping[str, str] | None = None,
) -> Lock:
    """The lock of a target as its index gives it now; ``open`` names what no index could tell.

    ``torch`` is given where it was found already; ``environment`` is pip's, in place of one in
    which it sees the site's index alone.
    """
    waiting: tuple[Entry, ...] = ()
    index_url = None
    if target.variant is not None:
        build = resolve.build_of(target.variant)
        index_url = None if build.default else build.index_url
        try:
            torch = torch or resolve.find_torch(target.variant, status, target.machine)
            waiting = () if torch.from_index else (replace(torch.entry, hashes=()),)
        except WheelhouseError:
            version = resolve.torch_version(target.variant)
            waiting = (Entry(name="torch", version=version, hashes=()),)
    status.update(f"asking the index for the packages of {target.label}")
    # The build tools go into the resolution: where torch asks for one too, it gets this version.
    pins = {**target.packages, **target.tools}
    environment = environment or pip.index_environment()
    packages = resolve.resolve(
        pins, status, environment, target.machine, torch=torch, index_url=index_url
    )
    tools = {normalise(name) for name in target.tools}
    if torch is None:  # nothing asked for the tools but the build
        packages = [entry for entry in packages if normalise(entry.name) not in tools]
    if torch is not None and torch.from_index:
        packages.append(torch.entry)
    source = resolve.resolve_bare(target.bare, status, environment, target.machine)
    build_tools = resolve.resolve_bare(target.tools, status, environment, target.machine)
    return Lock(
        build=target.name,
        platform=resolve.platform_of(target.machine),
        inputs=target.inputs,
        packages=tuple(packages),
        source=tuple(source),
        tools=tuple(build_tools),
        open=waiting,
    )


def write(catalog: Catalog, names: Sequence[str], checkout: Path = CHECKOUT) -> None:
    """Make the locks of these variants or builds (all without a name) and say what is open."""
    for target in select(catalog, names):
        with StatusLine() as status:
            lock = make(target, status)
        changed = save(lock, target, checkout)
        say(f"{'wrote' if changed else 'unchanged'} {target.path}: {summary(lock)}")


def summary(lock: Lock) -> str:
    """How many packages a lock has and what is open in it."""
    count = len(lock.packages) + len(lock.source)
    if not lock.open:
        return f"{count} packages"
    names = ", ".join(f"{entry.name} {entry.version}" for entry in lock.open)
    return f"{count} packages; open: {names} (its index could not be reached from here)"


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
    if old is not None and lock.open and not old.open and old.inputs == lock.inputs:
        return False
    if old is not None and render(old) == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return True


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
    return lock if lock.platform == resolve.platform_of(target.machine) else None


def problems(lock: Lock, target: Target) -> Iterator[str]:
    """What in a lock is not what the catalog asks for."""
    locked = {e.key for e in (*lock.packages, *lock.source, *lock.tools, *lock.open)}
    for name, version in {**target.packages, **target.bare, **target.tools}.items():
        if (normalise(name), version) not in locked:
            yield f"the catalog pins {name}=={version} and the lock does not"
    if target.variant is not None:
        version = resolve.torch_version(target.variant)
        if ("torch", version) not in locked:
            yield f"it has no torch {version}"
    if not lock.platform.endswith(f" {target.machine}"):
        yield f"it is for {lock.platform}"
    if lock.build != target.name or lock.inputs != target.inputs:
        yield f"it was made for {lock.build} from another catalog"


def check(catalog: Catalog, checkout: Path = CHECKOUT) -> None:
    """Raise a StaleError naming every committed lock that is missing or not the catalog's."""
    found: list[str] = []
    for target in targets(catalog):
        path = checkout / target.path
        if not path.exists():
            found.append(f"{target.path}: it is missing")
            continue
        found += [f"{target.path}: {problem}" for problem in problems(read(path), target)]
    if found:
        lines = "\n".join(f"  {line}" for line in found)
        raise StaleError(f"run `make lock` and commit the result:\n{lines}")


def complete(
    target: Target, lock: Lock | None, status: StatusLine, checkout: Path
) -> tuple[Lock, bool]:
    """A lock without an open entry, for a build, and whether torch's hash in it is the index's.

    The index's is written into the checkout, and said. Where only a folder has the torch wheel, its
    hash holds for this build and is committed nowhere. WheelhouseError where nothing has it.
    """
    if target.variant is None:
        return make(target, status), True
    torch = resolve.find_torch(target.variant, status, target.machine)
    if torch.from_index:
        lock = make(target, status, torch=torch)
        if save(lock, target, checkout):
            status.done(f"{target.path} is complete now, from the index of the build: commit it")
        return lock, True
    status.done(f"torch {torch.entry.version} comes from a folder of this machine, not its index")
    try:
        found = make(target, status, torch=torch)
    except WheelhouseError:  # a site without an index has its folders
        found = make(target, status, torch=torch, environment=os.environ)
    known = {e.key[0] for e in lock.packages} if lock is not None else set()
    missing = tuple(entry for entry in found.packages if entry.key[0] not in known)
    lock = lock or found
    return replace(lock, packages=(*lock.packages, *missing, torch.entry), open=()), False
