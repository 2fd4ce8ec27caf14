"""The bill of materials of an image: every Debian and Python package in it, as CycloneDX 1.6 JSON.

What is in an image is asked of the image itself, of its dpkg and its Python; nothing is assumed.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from images.contents.run_in_image import ask

MATERIALS = Path(__file__).parents[1] / "scripts" / "list_packages.py"
NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # RFC 4122's for URLs


def bill(client: docker.DockerClient, tag: str) -> str:
    """The CycloneDX JSON of an image, which only depends on the image. EngineError without one."""
    materials = ask(client, tag, MATERIALS)
    image = client.images.get(tag)
    created = datetime.fromisoformat(str(image.attrs["Created"])[:19]).replace(tzinfo=UTC)
    return render(tag, str(image.id), image.labels, created, materials)


def render(
    tag: str,
    image_id: str,
    labels: Mapping[str, str],
    created: datetime,
    materials: Mapping[str, list[dict[str, Any]]],
) -> str:
    """The bill as text. ``materials`` are the tables of images/scripts/list_packages.py."""
    document = Bom()
    document.serial_number = uuid.uuid5(NAMESPACE, image_id)
    document.metadata.timestamp = created
    document.metadata.component = Component(
        type=ComponentType.CONTAINER,
        name=tag.rpartition(":")[0],
        version=tag.rpartition(":")[2],
        bom_ref=image_id,
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=image_id.removeprefix("sha256:"))],
        properties=[Property(name=name, value=value) for name, value in sorted(labels.items())],
    )
    factory = LicenseFactory()
    for kind, packages in materials.items():
        for package in packages:
            name, version = package["name"], package["version"]
            namespace = "debian" if kind == "deb" else None
            url = PackageURL(type=kind, namespace=namespace, name=name, version=version)
            component = Component(
                type=ComponentType.LIBRARY,
                name=name,
                version=version,
                purl=url,
                bom_ref=str(url),
                description=package.get("note"),
            )
            if package.get("licence"):
                component.licenses.add(_licence(factory, package["licence"]))
            document.components.add(component)
    document.register_dependency(document.metadata.component, document.components)
    return JsonV1Dot6(document).output_as_string(indent=1)


def _licence(factory: LicenseFactory, text: str) -> Any:
    """An SPDX expression or identifier where the package gives one, else its own words."""
    first_line = text.strip().splitlines()[0][:200]
    made = factory.make_from_string(first_line)
    return made if made is not None else License(name=first_line)
