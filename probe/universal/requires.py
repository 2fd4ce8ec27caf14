"""Whether what torch requires is installed, as its own metadata says it.

A lock can be made without torch's file: what torch requires is then taken from what is published of
that version (images/packages/known_torch.toml). Here the file itself has the last word. The
build of an image runs this beside the lock's own module, the universal image after each
installation.
"""

import importlib
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Protocol, cast

from probe.universal.lock import normalise

# https://packaging.python.org/en/latest/specifications/dependency-specifiers/ is not read by
# anything in the standard library; pip, which installed the packages, carries what reads it.
READER = "pip._vendor.packaging.requirements"


class Specifier(Protocol):
    """The versions that a requirement allows."""

    def contains(self, item: str, prereleases: bool | None = None) -> bool:
        """Whether it allows this one."""


class Marker(Protocol):
    """When a requirement counts."""

    def evaluate(self, environment: dict[str, str]) -> bool:
        """Whether it counts in this interpreter, with these values beside its own."""


class Requirement(Protocol):
    """One requirement as pip's library gives it."""

    name: str
    extras: set[str]
    specifier: Specifier
    marker: Marker | None


class Reader(Protocol):
    """The module that reads requirements."""

    def Requirement(self, text: str) -> Requirement:  # noqa: N802  # its own name
        """The requirement in a text."""


def unmet(search: Sequence[str], name: str = "torch") -> list[str]:
    """What ``name`` and all that it requires ask for and is not in the folders ``search``.

    Empty where ``name`` is not installed. ImportError without pip.
    """
    reader = cast("Reader", importlib.import_module(READER))
    found = {
        normalise(distribution.metadata["Name"]): distribution
        for distribution in reversed([*metadata.distributions(path=[*search])])
    }
    if normalise(name) not in found:
        return []
    problems: list[str] = []
    seen: set[tuple[str, str]] = set()
    waiting = [(normalise(name), "")]
    while waiting:
        key = waiting.pop()
        if key in seen:
            continue
        seen.add(key)
        asking, extra = key
        for requirement in _of(found[asking], extra, reader):
            wanted = normalise(requirement.name)
            if wanted not in found:
                problems.append(f"{asking} asks for {_said(requirement)}, which is not installed")
                continue
            version = found[wanted].version
            if not requirement.specifier.contains(version, prereleases=True):
                problems.append(
                    f"{asking} asks for {_said(requirement)}, and {version} is installed"
                )
            waiting += [(wanted, name) for name in ("", *sorted(requirement.extras))]
    return sorted(set(problems))


def _of(distribution: metadata.Distribution, extra: str, reader: Reader) -> Iterator[Requirement]:
    """What a distribution requires here, by itself or for one of its extras."""
    for text in distribution.requires or ():
        requirement = reader.Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            yield requirement


def _said(requirement: Requirement) -> str:
    return f"{requirement.name}{requirement.specifier}"
