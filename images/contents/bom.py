"""The bill of materials of an image: every Debian and Python package in it, as CycloneDX 1.6 JSON.

What is in an image is asked of the image itself, of its dpkg and its Python; nothing is assumed.
"""

import uuid
from pathlib import Path
from typing import Any, NotRequired, TypedDict

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from images.contents.inventory import parse_time
from images.contents.run_in_image import ask
from images.engine.answers import ImageFacts
from images.engine.engine import Engine
from images.errors import EngineError
from images.typed_json import ShapeError, typed

LIST_PACKAGES = Path(__file__).parents[1] / "scripts" / "list_packages.py"
# For URLs: https://www.rfc-editor.org/rfc/rfc4122#appendix-C
NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


class Package(TypedDict):
    """One package as ``images/scripts/list_packages.py`` prints it."""

    name: str
    version: str
    note: NotRequired[str]
    licence: NotRequired[str]


class PackageTables(TypedDict):
    """What that script prints: the packages by their kind, as package URLs name it."""

    deb: list[Package]
    pypi: list[Package]


def bill(engine: Engine, tag: str) -> str:
    """The CycloneDX JSON of an image, which only depends on the image. EngineError without one."""
    packages = package_tables(ask(engine, tag, LIST_PACKAGES))
    return render(tag, engine.inspect(tag), packages)


def package_tables(answer: object) -> PackageTables:
    """The script's answer; EngineError for one of another shape."""
    try:
        return typed(PackageTables, answer, "it")
    except ShapeError as error:
        raise EngineError(
            f"the image's list of packages is of an unknown shape: {error}"
        ) from error


def render(tag: str, image: ImageFacts, tables: PackageTables) -> str:
    """The bill as text."""
    image_id = image.image_id
    document = Bom()
    document.serial_number = uuid.uuid5(NAMESPACE, image_id)
    document.metadata.timestamp = parse_time(image.created)
    document.metadata.component = Component(
        type=ComponentType.CONTAINER,
        name=tag.rpartition(":")[0],
        version=tag.rpartition(":")[2],
        bom_ref=image_id,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=image_id.removeprefix("sha256:"))],
        properties=[
            Property(name=name, value=value) for name, value in sorted(image.labels.items())
        ],
    )
    components = [_component("deb", "debian", package) for package in tables["deb"]]
    components += [_component("pypi", None, package) for package in tables["pypi"]]
    document.components.update(components)
    document.register_dependency(document.metadata.component, document.components)
    return JsonV1Dot6(document).output_as_string(indent=1)


def _component(kind: str, namespace: str | None, package: Package) -> Component:
    url = PackageURL(
        type=kind, namespace=namespace, name=package["name"], version=package["version"]
    )
    component = Component(
        type=ComponentType.LIBRARY,
        name=package["name"],
        version=package["version"],
        purl=url,
        bom_ref=str(url),
        description=package.get("note"),
    )
    if licence := package.get("licence"):
        component.licenses.add(_licence(licence))
    return component


def spdx_licence(text: str) -> str | None:
    """The SPDX identifier or expression that a package gives; None where it gives other words."""
    if not text.strip():
        return None
    found = _licence(text)
    identifier: str | None = getattr(found, "id", None) or getattr(found, "value", None)
    return identifier


def _licence(text: str) -> Any:  # the library's name for the type is private
    """An SPDX expression or identifier where the package gives one, else its own words."""
    first_line = text.strip().splitlines()[0][:200]
    made = LicenseFactory().make_from_string(first_line)
    return made if made is not None else License(name=first_line)
