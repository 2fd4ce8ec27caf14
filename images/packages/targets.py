"""What there is a lock of: for each image, torch build and machine, what the catalog asks for.

A lock stands beside the Dockerfile of its image, one for each machine architecture that its torch
has a build for: ``images/cuda/cuda-2.13.0-cu130.aarch64.lock``.
"""

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from images.catalog import Catalog, Variant, machines
from images.errors import CatalogError
from probe.tables.builds import load_table

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
    def platform(self) -> str:
        """The interpreter and machine that wheels are resolved for: ``cp311 x86_64``."""
        return f"cp{sys.version_info[0]}{sys.version_info[1]} {self.machine}"

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
        packages=catalog.sandbox.packages,
        bare={},
        tools={},
    )


def all_targets(catalog: Catalog) -> list[Target]:
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


def select(catalog: Catalog, names: Sequence[str]) -> list[Target]:
    """The targets of these variants or builds, all of them without a name; else a CatalogError."""
    known = all_targets(catalog)
    chosen = [t for t in known if not names or {t.label, t.name, t.folder} & set(names)]
    for name in names:
        if not any(name in (target.label, target.name, target.folder) for target in known):
            raise CatalogError(
                f"there is no lock {name!r}; choose from {', '.join(t.label for t in known)}"
            )
    return chosen
