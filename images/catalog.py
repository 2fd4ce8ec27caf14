"""The catalog: which images there are and what goes into them, from ``catalog.toml``."""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from images.errors import CatalogError
from probe.tables.builds import line_of, load_table

CHECKOUT = Path(__file__).resolve().parent.parent
CATALOG_FILE = Path(__file__).with_name("catalog.toml")


@dataclass(frozen=True, kw_only=True)
class BaseImage:
    """The image every variant starts from, and how to make the same where no registry answers."""

    image: str
    digest: str
    suite: str
    packages: tuple[str, ...]
    mounted_over: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """The registry's image, pinned: ``name:tag@sha256:…``."""
        return f"{self.image}@{self.digest}"

    def bootstrap_tag(self, architecture: str) -> str:
        """The local tag of the base that is made from Debian's packages, one for each recipe."""
        recipe = hashlib.sha256("+".join([*self.packages, *self.mounted_over]).encode()).hexdigest()
        return f"alternator-base:{self.suite}-{recipe[:8]}-{architecture}"


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One image: the hardware it is for and the torch build inside."""

    name: str
    title: str
    torch: str
    wheel: str
    locked: tuple[str, ...] = ()  # further builds with a committed lock: "2.13.0+cu126"

    @property
    def build(self) -> str:
        """The name of this torch build in file names and logs, e.g. ``cuda-2.13.0-cu130``."""
        return f"{self.name}-{self.torch}-{self.wheel}"

    def locked_builds(self) -> "list[Variant]":
        """This build and the variant's further ones that have a committed lock."""
        further = (text.partition("+") for text in self.locked)
        return [self, *(replace(self, torch=torch, wheel=wheel) for torch, _, wheel in further)]


@dataclass(frozen=True, kw_only=True)
class Universal:
    """The thin image: no torch in it, so no build; what it holds beside the project itself."""

    title: str
    packages: Mapping[str, str]
    name: str = "universal"
    torch: str = ""
    wheel: str = ""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What an image may weigh, in bytes as the engine reports; None where nothing is said."""

    most: int | None = None
    stretch: int | None = None
    more_than_cpu: int | None = None


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """Everything the builder knows. Package tables map a distribution's name to its version."""

    base: BaseImage
    packages: Mapping[str, str]
    packages_without_dependencies: Mapping[str, str]
    build_packages: Mapping[str, str]
    sandbox_packages: Mapping[str, str]
    variants: Mapping[str, Variant]
    universal: Universal
    budgets: Mapping[str, Budget]
    pins: Mapping[str, Mapping[str, str]]  # of one torch build: {"2.13.0+cu130": {name: version}}

    def variant(self, name: str) -> Variant:
        """The variant of that name, or a CatalogError that lists the names."""
        try:
            return self.variants[name]
        except KeyError:
            raise CatalogError(
                f"there is no variant {name!r}; choose one of {', '.join(self.variants)} or 'all'"
            ) from None


def with_build(variant: Variant, *, wheel: str, torch: str | None = None) -> Variant:
    """The variant with another torch build of its backend; CatalogError if there is no such build.

    ``torch`` is a full version of another line where no build of the catalog's line fits.
    """
    version = torch or variant.torch
    builds = load_table().of_line(line_of(version), variant.name)
    if wheel not in [build.wheel for build in builds]:
        known = ", ".join(build.wheel for build in builds)
        raise CatalogError(
            f"torch {version} has no {variant.name} build {wheel!r}; it has: {known or 'none'}"
        )
    return replace(variant, wheel=wheel, torch=version)


def machines(variant: Variant) -> tuple[str, ...]:
    """The machine architectures that a variant's torch build exists for: x86_64, aarch64."""
    table = load_table()
    build = table.find(line_of(variant.torch), variant.wheel)
    if build is None:
        return ()
    codes = {"cpu": table.cpu_arch, "cuda": build.cuda_code, "rocm": build.gfx}
    return tuple(codes[build.backend])


@cache
def load_catalog(path: Path = CATALOG_FILE) -> Catalog:
    """Read the catalog; a CatalogError names the file and what is wrong in it."""
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        return _catalog(data)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{path}: {error}") from error
    except KeyError as error:
        raise CatalogError(f"{path}: the key {error} is missing") from error


def _catalog(data: Mapping[str, Any]) -> Catalog:
    base, torch = data["base"], data["torch"]["version"]
    return Catalog(
        base=BaseImage(
            image=base["image"],
            digest=base["digest"],
            suite=base["bootstrap"]["suite"],
            packages=tuple(base["bootstrap"]["packages"]),
            mounted_over=tuple(base["bootstrap"]["mounted_over"]),
        ),
        packages=data["packages"],
        packages_without_dependencies=data["packages_without_dependencies"],
        build_packages=data["build_packages"],
        sandbox_packages=data["sandbox_packages"],
        variants={
            name: Variant(
                name=name,
                title=entry["title"],
                torch=torch,
                wheel=entry["wheel"],
                locked=tuple(entry.get("locked", ())),
            )
            for name, entry in data["variants"].items()
        },
        universal=Universal(
            title=data["universal"]["title"], packages=data["universal"]["packages"]
        ),
        budgets={name: _budget(entry) for name, entry in data["budgets"].items()},
        pins=data["pins"],
    )


def _budget(entry: Mapping[str, float]) -> Budget:
    def in_bytes(name: str) -> int | None:
        return round(entry[name] * 1e9) if name in entry else None

    return Budget(
        most=in_bytes("most_gb"),
        stretch=in_bytes("stretch_gb"),
        more_than_cpu=in_bytes("more_than_cpu_gb"),
    )
