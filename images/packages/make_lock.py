"""Makes locks: every package of an image with its hash, as the indexes tell it now.

Where the torch of a build was not to be had from its index, the lock says so, and the first build
that reaches the index completes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from images.catalog import CHECKOUT, Catalog
from images.console import Console
from images.errors import WheelhouseError
from images.packages import committed_locks
from images.packages.pip import Pip
from images.packages.resolve import Resolver, Torch, torch_version
from images.packages.targets import Target, select
from probe.tables.builds import Table
from probe.universal.lock import Entry, Lock, normalise


@dataclass(frozen=True, kw_only=True)
class Completed:
    """A lock without an open entry, and whether torch's hash in it is the index's."""

    lock: Lock
    from_index: bool


def make(
    target: Target, resolver: Resolver, *, torch: Torch | None = None, folders: bool = False
) -> Lock:
    """The lock of a target as its index gives it now; ``open`` names what no index could tell.

    ``torch`` is given where it was found already. With ``folders``, what pip's folders hold counts
    too, instead of the site's index alone.
    """
    waiting: tuple[Entry, ...] = ()
    index_url = None
    if target.variant is not None:
        build = resolver.build_of(target.variant)
        index_url = None if build.default else build.index_url
        try:
            torch = torch or resolver.find_torch(target.variant)
            waiting = () if torch.from_index else (replace(torch.entry, hashes=()),)
        except WheelhouseError:
            version = torch_version(resolver.table, target.variant)
            waiting = (Entry(name="torch", version=version, hashes=()),)
    resolver.pip.status.update(f"asking the index for the packages of {target.label}")
    asked = resolver if folders else replace(resolver, pip=resolver.pip.index_only())
    return Lock(
        build=target.name,
        platform=target.platform,
        inputs=target.inputs,
        packages=tuple(_packages(target, asked, torch, index_url)),
        source=tuple(asked.resolve_bare(target.bare)),
        tools=tuple(asked.resolve_bare(target.tools)),
        open=waiting,
    )


def _packages(
    target: Target, resolver: Resolver, torch: Torch | None, index_url: str | None
) -> list[Entry]:
    """What is installed as wheels, with a torch whose hash its index gave."""
    # The build tools go into the resolution: where torch asks for one too, it gets this version.
    pins = {**target.packages, **target.tools}
    packages = resolver.resolve(pins, torch=torch, index_url=index_url)
    if torch is None:  # nothing asked for the tools but the build
        tools = {normalise(name) for name in target.tools}
        return [entry for entry in packages if normalise(entry.name) not in tools]
    return [*packages, torch.entry] if torch.from_index else packages


def complete(
    target: Target, lock: Lock | None, resolver: Resolver, checkout: Path = CHECKOUT
) -> Completed:
    """A lock without an open entry, for a build.

    The index's hash is written into the checkout, and said. Where only a folder has the torch
    wheel, its hash holds for this build and is committed nowhere. WheelhouseError where nothing has
    it.
    """
    status = resolver.pip.status
    if target.variant is None:
        return Completed(lock=make(target, resolver), from_index=True)
    torch = resolver.find_torch(target.variant)
    if torch.from_index:
        lock = make(target, resolver, torch=torch)
        if committed_locks.save(lock, target, checkout):
            status.done(f"{target.path} is complete now, from the index of the build: commit it")
        return Completed(lock=lock, from_index=True)
    status.done(f"torch {torch.entry.version} comes from a folder of this machine, not its index")
    try:
        found = make(target, resolver, torch=torch)
    except WheelhouseError:  # a site without an index has its folders
        found = make(target, resolver, torch=torch, folders=True)
    known = {e.key[0] for e in lock.packages} if lock is not None else set()
    missing = tuple(entry for entry in found.packages if entry.key[0] not in known)
    lock = lock or found
    packages = (*lock.packages, *missing, torch.entry)
    return Completed(lock=replace(lock, packages=packages, open=()), from_index=False)


@dataclass(frozen=True, kw_only=True)
class LockMaker:
    """Makes committed locks: ``alternator images lock``."""

    catalog: Catalog
    environ: Mapping[str, str]
    table: Table
    console: Console
    checkout: Path = CHECKOUT

    def write(self, names: Sequence[str]) -> None:
        """Make the locks of these variants or builds (all without a name); say what is open."""
        for target in select(self.catalog, names):
            with self.console.status() as status:
                pip = Pip(environ=self.environ, status=status, machine=target.machine)
                lock = make(target, Resolver(pip=pip, table=self.table))
            changed = committed_locks.save(lock, target, self.checkout)
            done = "wrote" if changed else "unchanged"
            self.console.say(f"{done} {target.path}: {summary(lock)}")


def summary(lock: Lock) -> str:
    """How many packages a lock has and what is open in it."""
    count = len(lock.packages) + len(lock.source)
    if not lock.open:
        return f"{count} packages"
    names = ", ".join(f"{entry.name} {entry.version}" for entry in lock.open)
    return f"{count} packages; open: {names} (its index could not be reached from here)"
