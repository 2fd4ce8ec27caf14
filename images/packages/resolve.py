"""Finds every package of an image with the hash that its index gives, through pip's reports."""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import requests

from images.catalog import Variant
from images.errors import WheelhouseError
from images.packages.known_torch import KnownBuild, KnownTorch, load_known
from images.packages.pip import QUICK, Found, Pip
from probe.tables.builds import Build, Table, line_of
from probe.universal.lock import Entry, pin

SIZE_TIMEOUT_S = 10


@dataclass(frozen=True, kw_only=True)
class Torch:
    """Where the torch of a build was found; ``requirement`` names the very file to pip.

    Only where the build's index gave the hash is it the one to commit: a folder of this machine may
    hold another file of that name.
    """

    requirement: str
    entry: Entry
    from_index: bool


@dataclass(frozen=True, kw_only=True)
class Resolver:
    """Asks indexes through a pip; ``table`` says which index has which torch build.

    ``known`` is what is known of builds whose index can't be reached.
    """

    pip: Pip
    table: Table
    known: KnownTorch = field(default_factory=load_known)

    def build_of(self, variant: Variant) -> Build:
        """The table's entry for a variant's torch build."""
        return build_of(self.table, variant)

    def find_torch(self, variant: Variant) -> Torch:
        """The torch build: from its index, else from a folder that this machine's pip knows.

        Raises WheelhouseError with both reasons where neither has it.
        """
        build, version = self.build_of(variant), torch_version(self.table, variant)
        machine, requirement = self.pip.machine, pin("torch", version)
        self.pip.status.update(f"asking the index for torch {version} ({machine})")
        index = [] if build.default else ["--index-url", build.index_url]
        asked = self.pip.index_only()
        try:
            [found] = asked.report(["--no-deps", *QUICK, *index, requirement])
            [entry] = _with_sizes([found], asked)
            requirement = f"torch @ {found.url}#sha256={entry.hashes[0]}"
            return Torch(requirement=requirement, entry=entry, from_index=True)
        except WheelhouseError as error:
            why = f"its index: {error}"
        try:
            [found] = self.pip.report(["--no-deps", "--no-index", requirement])
        except WheelhouseError as error:
            raise WheelhouseError(
                f"the torch build {variant.torch}+{variant.wheel} for {machine} can't be had.\n"
                f"  {why}\n"
                f"  the folders this pip knows: {error}\n"
                f"Put its wheel for Python 3.11 on {machine} into a folder and name that to pip: "
                f"PIP_FIND_LINKS=/that/folder make images VARIANT={variant.name}"
            ) from error
        return Torch(requirement=f"torch @ {found.url}", entry=_entry(found), from_index=False)

    def known_build(self, variant: Variant) -> KnownBuild:
        """What is known of a build without its file; WheelhouseError where nothing is."""
        found = self.known.find(variant.torch, variant.wheel)
        if found is None:
            raise WheelhouseError(
                f"what torch {variant.torch}+{variant.wheel} requires is not known and its index "
                f"can't be asked: add the build to images/packages/known_torch.toml"
            )
        return found

    def required_by(self, build: KnownBuild) -> list[str]:
        """What a build requires, without its file: what its version does, and what is known."""
        asked = self.pip.index_only()
        [found] = asked.report(["--no-deps", *QUICK, pin("torch", build.torch)])
        return [*self.known.common(found.requires), *build.requires]

    def resolve(
        self,
        packages: Mapping[str, str],
        *,
        torch: Torch | None = None,
        index_url: str | None = None,
        further: Sequence[str] = (),
    ) -> list[Entry]:
        """Every package that ``packages``, ``torch`` and ``further`` need, without torch itself.

        ``index_url`` is a further index, for what only the PyTorch index has. Without ``torch``
        pip would take the default index's for a package that asks for one, with all that a CUDA
        build requires; such a package is taken alone, and what else it asks for with the others.
        """
        alone: list[Found] = []
        if torch is None:
            alone = self._asking_for_torch(packages)
            packages = {n: v for n, v in packages.items() if n not in {f.name for f in alone}}
            further = [
                *further,
                *(text for f in alone for text in f.requires if not _is_torch(text)),
            ]
        arguments = [*(pin(name, version) for name, version in packages.items()), *further]
        if torch is not None:
            arguments.append(torch.requirement)
        if index_url is not None and torch is not None and torch.from_index:
            arguments += ["--extra-index-url", index_url]
        found = self.pip.report(arguments) if arguments else []
        entries = _with_sizes([*found, *alone], self.pip)
        return [entry for entry in entries if entry.name != "torch"]

    def _asking_for_torch(self, packages: Mapping[str, str]) -> list[Found]:
        """Those of the packages that require a torch of their own accord."""
        pins = [pin(name, version) for name, version in packages.items()]
        found = self.pip.report(["--no-deps", *pins]) if pins else []
        return [item for item in found if any(map(_is_torch, item.requires))]

    def resolve_bare(self, packages: Mapping[str, str]) -> list[Entry]:
        """Just these packages, without what they require."""
        if not packages:
            return []
        pins = [pin(name, version) for name, version in packages.items()]
        return _with_sizes(self.pip.report(["--no-deps", *pins]), self.pip)


def _is_torch(requirement: str) -> bool:
    """Whether a requirement is torch, without any condition: no extra of its package."""
    name = re.match(r"[\w.-]+", requirement)
    return name is not None and name[0] == "torch" and "extra" not in requirement


def build_of(table: Table, variant: Variant) -> Build:
    """The table's entry for a variant's torch build; WheelhouseError where it has none."""
    build = table.find(line_of(variant.torch), variant.wheel)
    if build is None:
        raise WheelhouseError(f"torch {variant.torch} has no build {variant.wheel}")
    return build


def torch_version(table: Table, variant: Variant) -> str:
    """The version as the build's index names it; the default index's has no tag."""
    default = build_of(table, variant).default
    return variant.torch if default else f"{variant.torch}+{variant.wheel}"


def _with_sizes(items: Sequence[Found], pip: Pip) -> list[Entry]:
    """Entries with the sizes that the files' servers tell: progress can say of how much."""
    certificates: str | bool = pip.environ.get("PIP_CERT") or True
    with ThreadPoolExecutor(8) as pool:
        sizes = pool.map(lambda item: _size(item.url, certificates), items)
        return [replace(_entry(item), size=size) for item, size in zip(items, sizes, strict=True)]


def _entry(found: Found) -> Entry:
    if found.sha256 is None:
        raise WheelhouseError(f"the index gives no SHA-256 of {found.name}")
    return Entry(name=found.name, version=found.version, hashes=(found.sha256,))


def _size(url: str, certificates: str | bool) -> int | None:
    """The size of a file in bytes as its server tells it; None where it does not."""
    if urlsplit(url).scheme not in ("http", "https"):
        return None
    try:
        answer = requests.head(
            url, timeout=SIZE_TIMEOUT_S, allow_redirects=True, verify=certificates
        )
        return int(answer.headers["Content-Length"]) if answer.ok else None
    except (requests.RequestException, KeyError, ValueError):
        return None
