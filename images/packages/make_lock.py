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
    """A lock without an open entry, and whether torch's hash in it is the index's.

    ``unvouched`` are the entries whose hash only a file of this machine gave.
    """

    lock: Lock
    from_index: bool
    unvouched: tuple[Entry, ...] = ()


def make(
    target: Target, resolver: Resolver, *, torch: Torch | None = None, folders: bool = False
) -> Lock:
    """The lock of a target as its index gives it now; ``open`` names what nobody could tell.

    ``torch`` is given where it was found already. With ``folders``, what pip's folders hold counts
    too, instead of the site's index alone.
    """
    if target.variant is not None and torch is None:
        try:
            torch = resolver.find_torch(target.variant)
        except WheelhouseError:  # it is locked without its file
            torch = None
    resolver.pip.status.update(f"asking the index for the packages of {target.label}")
    asked = resolver if folders else replace(resolver, pip=resolver.pip.index_only())
    own = _torch_itself(target, resolver, torch)
    return Lock(
        build=target.name,
        platform=target.platform,
        inputs=target.inputs,
        packages=(*_packages(target, asked, torch), *(entry for entry in own if entry.hashes)),
        source=tuple(asked.resolve_bare(target.bare)),
        tools=tuple(asked.resolve_bare(target.tools)),
        open=tuple(entry for entry in own if not entry.hashes),
    )


def _torch_itself(target: Target, resolver: Resolver, torch: Torch | None) -> list[Entry]:
    """Torch, and what only its index has; without a hash where nobody told one.

    WheelhouseError where the file that was found is not the one whose hash is told.
    """
    if target.variant is None:
        return []
    known = resolver.known.find(target.variant.torch, target.variant.wheel)
    told = known.files.get(target.machine) if known is not None else None
    if torch is not None and told is not None and told.sha256 not in torch.entry.hashes:
        where = "the index" if torch.from_index else "a folder of this machine"
        raise WheelhouseError(
            f"torch {torch.entry.version} for {target.machine} of {where} has the SHA-256 "
            f"{torch.entry.hashes[0]}, and {', '.join(told.told_by)} tell {told.sha256}: find out "
            f"why before either is used (images/packages/known_torch.toml)"
        )
    if torch is not None and torch.from_index:
        return [torch.entry]
    version = torch_version(resolver.table, target.variant)
    hashes = (told.sha256,) if told is not None else ()
    pins = [pin.split("==") for pin in known.only_there] if known is not None else []
    further = [Entry(name=name, version=pinned, hashes=()) for name, pinned in pins]
    return [Entry(name="torch", version=version, hashes=hashes), *further]


def _packages(target: Target, resolver: Resolver, torch: Torch | None) -> list[Entry]:
    """What is installed as wheels beside torch, with what torch requires."""
    if target.variant is None:
        tools = {normalise(name) for name in target.tools}
        found = resolver.resolve({**target.packages, **target.tools})
        # Nothing asked for the tools but the build.
        return [entry for entry in found if normalise(entry.name) not in tools]
    # The build tools go into the resolution: where torch asks for one too, it gets this version,
    # unless the build has a pin of its own.
    pins = {**target.tools, **target.packages}
    if torch is None:
        required = resolver.required_by(resolver.known_build(target.variant))
        return resolver.resolve(pins, further=required)
    build = resolver.build_of(target.variant)
    return resolver.resolve(pins, torch=torch, index_url=None if build.default else build.index_url)


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
    committed = {entry.key[0]: entry for entry in lock.packages} if lock is not None else {}
    of_folders = {"torch": torch.entry}
    try:
        found = make(target, resolver, torch=torch)
    except WheelhouseError:  # a site without an index has its folders
        found = make(target, resolver, torch=torch, folders=True)
        of_folders |= {entry.key[0]: entry for entry in found.packages}
    packages = {entry.key[0]: entry for entry in found.packages} | of_folders | committed
    return Completed(
        lock=replace(lock or found, packages=tuple(packages.values()), open=()),
        from_index=False,
        unvouched=tuple(e for name, e in of_folders.items() if name not in committed),
    )


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
    return f"{count} packages by hash; without one: {names} (its index was out of reach)"
