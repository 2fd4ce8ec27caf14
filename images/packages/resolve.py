"""Finds every package of an image with the hash that its index gives, through pip's reports."""

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import requests

from images.catalog import Variant
from images.console import StatusLine
from images.errors import WheelhouseError
from images.packages import pip
from probe.tables.builds import Build, line_of, load_table
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


def platform_of(machine: str) -> str:
    """The interpreter and machine that wheels are resolved for: ``cp311 x86_64``."""
    return f"cp{sys.version_info[0]}{sys.version_info[1]} {machine}"


def torch_version(variant: Variant) -> str:
    """The version as the build's index names it; the default index's has no tag."""
    return variant.torch if build_of(variant).default else f"{variant.torch}+{variant.wheel}"


def build_of(variant: Variant) -> Build:
    """The table's entry for a variant's torch build."""
    build = load_table().find(line_of(variant.torch), variant.wheel)
    if build is None:
        raise WheelhouseError(f"torch {variant.torch} has no build {variant.wheel}")
    return build


def find_torch(variant: Variant, status: StatusLine, machine: str) -> Torch:
    """The torch build: from its index, else from a folder that this machine's pip knows.

    Raises WheelhouseError with both reasons where neither has it.
    """
    build, version = build_of(variant), torch_version(variant)
    requirement = pin("torch", version)
    status.update(f"asking the index for torch {version} ({machine})")
    index = [] if build.default else ["--index-url", build.index_url]
    environment = pip.index_environment()
    try:
        arguments = ["--no-deps", *pip.QUICK, *index, requirement]
        items = pip.report(arguments, status, environment=environment, machine=machine)
        entry = _with_sizes(items, environment)[0]
        url = items[0]["download_info"]["url"]
        requirement = f"torch @ {url}#sha256={entry.hashes[0]}"
        return Torch(requirement=requirement, entry=entry, from_index=True)
    except WheelhouseError as error:
        why = f"its index: {error}"
    try:
        arguments = ["--no-deps", "--no-index", requirement]
        items = pip.report(arguments, status, machine=machine)
    except WheelhouseError as error:
        raise WheelhouseError(
            f"the torch build {variant.torch}+{variant.wheel} for {machine} can't be had.\n"
            f"  {why}\n"
            f"  the folders this pip knows: {error}\n"
            f"Put its wheel for Python 3.11 on {machine} into a folder and name that to pip: "
            f"PIP_FIND_LINKS=/that/folder make images VARIANT={variant.name}"
        ) from error
    url = items[0]["download_info"]["url"]
    return Torch(requirement=f"torch @ {url}", entry=_entry(items[0]), from_index=False)


def resolve(
    packages: Mapping[str, str],
    status: StatusLine,
    environment: Mapping[str, str],
    machine: str,
    *,
    torch: Torch | None = None,
    index_url: str | None = None,
) -> list[Entry]:
    """Every package that ``packages`` and ``torch`` need, without torch itself.

    ``index_url`` is a further index, for what only the PyTorch index has.
    """
    arguments = [pin(name, version) for name, version in packages.items()]
    if torch is not None:
        arguments.append(torch.requirement)
    if index_url is not None and torch is not None and torch.from_index:
        arguments += ["--extra-index-url", index_url]
    entries = _entries(arguments, status, environment, machine)
    return [entry for entry in entries if entry.name != "torch"]


def resolve_bare(
    packages: Mapping[str, str],
    status: StatusLine,
    environment: Mapping[str, str],
    machine: str,
) -> list[Entry]:
    """Just these packages, without what they require."""
    if not packages:
        return []
    pins = [pin(*item) for item in packages.items()]
    return _entries(["--no-deps", *pins], status, environment, machine)


def _entries(
    arguments: Sequence[str],
    status: StatusLine,
    environment: Mapping[str, str],
    machine: str,
) -> list[Entry]:
    items = pip.report(arguments, status, environment=environment, machine=machine)
    return _with_sizes(items, environment)


def _with_sizes(items: Sequence[Mapping[str, Any]], environment: Mapping[str, str]) -> list[Entry]:
    """Entries with the sizes that the files' servers tell: progress can say of how much."""
    certificates: str | bool = environment.get("PIP_CERT") or True
    with ThreadPoolExecutor(8) as pool:
        sizes = pool.map(lambda item: _size(item["download_info"]["url"], certificates), items)
        return [replace(_entry(item), size=size) for item, size in zip(items, sizes, strict=True)]


def _entry(item: Mapping[str, Any]) -> Entry:
    metadata, download = item["metadata"], item["download_info"]
    value = download.get("archive_info", {}).get("hashes", {}).get("sha256")
    if value is None:
        raise WheelhouseError(f"the index gives no SHA-256 of {metadata['name']}")
    return Entry(name=metadata["name"], version=metadata["version"], hashes=(value,))


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
