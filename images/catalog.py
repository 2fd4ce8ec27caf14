"""The catalog: which images there are, what goes into them, and what they are called.

Facts stand in ``catalog.toml``, the base image's digest in ``base_pin.toml``, which a command
writes, and the project's own name and version in ``pyproject.toml``.
"""

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from images.errors import CatalogError
from images.project import project
from probe.report.snippet import IMAGE
from probe.report.snippet_settings import USER
from probe.tables.builds import line_of, load_table

CHECKOUT = Path(__file__).resolve().parent.parent
CATALOG_FILE = Path(__file__).with_name("catalog.toml")
BASE_PIN_FILE = "base_pin.toml"  # beside the catalog

# The bot's images carry the name that the probe prints in its snippets.
IMAGE_USER = f"{USER}:{USER}"  # who runs in every image of ours: user and group
SANDBOX_REPOSITORY = "alternator-sandbox"
POSTGRES_REPOSITORY = "alternator-postgres"
BASE_REPOSITORY = "alternator-base"


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
        return f"{BASE_REPOSITORY}:{self.suite}-{recipe[:8]}-{architecture}"


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
class Sandbox:
    """The demo's Mastodon server and vision endpoint."""

    packages: Mapping[str, str]
    name: str = "sandbox"


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """Debian's PostgreSQL: its major version, and the number of the user that runs it."""

    version: int
    user: int
    name: str = "postgres"


PythonImage = Variant | Universal | Sandbox  # what holds Python packages of ours
AnyImage = PythonImage | Postgres


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
    variants: Mapping[str, Variant]
    universal: Universal
    sandbox: Sandbox
    postgres: Postgres
    budgets: Mapping[str, Budget]
    budget_base: int  # bytes of the base that the budgets are made for
    pins: Mapping[str, Mapping[str, str]]  # of one torch build: {"2.13.0+cu130": {name: version}}

    def variant(self, name: str) -> Variant:
        """The variant of that name, or a CatalogError that lists the names."""
        try:
            return self.variants[name]
        except KeyError:
            raise CatalogError(
                f"there is no variant {name!r}; choose one of {', '.join(self.variants)}, "
                f"{self.universal.name}, {self.sandbox.name}, {self.postgres.name} or 'all'"
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


def image_tag(image: AnyImage, *, full: bool = False) -> str:
    """``alternator:<version>-<variant>-<wheel>``; without the wheel where it is the variant.

    The complete image of a build that has a lean one ends in ``-full``. The sandbox and PostgreSQL
    have names of their own.
    """
    version = project().version
    if isinstance(image, Sandbox):
        return f"{SANDBOX_REPOSITORY}:{version}"
    if isinstance(image, Postgres):
        return f"{POSTGRES_REPOSITORY}:{version}-{image.version}"
    parts = [image.name]
    if image.wheel not in ("", image.name):
        parts.append(image.wheel)
    if full:
        parts.append("full")
    return IMAGE.format(version=version, variant="-".join(parts))


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
    data, pin = _toml(path), _toml(pin_file(path))
    try:
        return _catalog(data, pin["digest"])
    except KeyError as error:
        raise CatalogError(f"{path}: the key {error} is missing") from error


def _toml(path: Path) -> dict[str, Any]:  # the shape is checked where each key is taken
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{path}: {error}") from error


def pin_file(catalog: Path = CATALOG_FILE) -> Path:
    """The file that holds the base image's digest."""
    return catalog.with_name(BASE_PIN_FILE)


def _catalog(data: Mapping[str, Any], digest: str) -> Catalog:
    base, torch = data["base"], data["torch"]["version"]
    return Catalog(
        base=BaseImage(
            image=base["image"],
            digest=digest,
            suite=base["bootstrap"]["suite"],
            packages=tuple(base["bootstrap"]["packages"]),
            mounted_over=tuple(base["bootstrap"]["mounted_over"]),
        ),
        packages=data["packages"],
        packages_without_dependencies=data["packages_without_dependencies"],
        build_packages=data["build_packages"],
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
        sandbox=Sandbox(packages=data["sandbox_packages"]),
        postgres=Postgres(version=data["postgres"]["version"], user=data["postgres"]["user"]),
        budgets={name: _budget(entry) for name, entry in data["budgets"].items()},
        budget_base=round(data["budget_base"]["gb"] * 1e9),
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
