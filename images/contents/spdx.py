"""The bill of materials as SPDX 2.3 JSON: what ``docker buildx imagetools`` and scanners read.

https://spdx.github.io/spdx-spec/v2.3/
"""

import json
import uuid

from packageurl import PackageURL

from images.contents.bom import NAMESPACE, Package, PackageTables, spdx_licence
from images.contents.inventory import parse_time
from images.engine.answers import ImageFacts

IMAGE = "SPDXRef-image"
UNKNOWN = "NOASSERTION"


Element = dict[str, object]


def render(tag: str, image: ImageFacts, tables: PackageTables) -> str:
    """The bill as text, which only depends on the image."""
    found = [("deb", "debian", package) for package in tables["deb"]]
    found += [("pypi", "", package) for package in tables["pypi"]]
    packages = [_package(*entry, at) for at, entry in enumerate(found, 1)]
    contained = [_relation(IMAGE, "CONTAINS", package["SPDXID"]) for package in packages]
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": tag,
        "documentNamespace": f"urn:uuid:{uuid.uuid5(NAMESPACE, f'spdx {image.image_id}')}",
        "creationInfo": {
            "created": parse_time(image.created).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: alternator"],
        },
        "packages": [_image(tag, image.image_id), *packages],
        "relationships": [_relation("SPDXRef-DOCUMENT", "DESCRIBES", IMAGE), *contained],
    }
    return json.dumps(document, indent=1) + "\n"


def _image(tag: str, image_id: str) -> Element:
    value = image_id.removeprefix("sha256:")
    return {
        "SPDXID": IMAGE,
        "name": tag.rpartition(":")[0],
        "versionInfo": tag.rpartition(":")[2],
        "primaryPackagePurpose": "CONTAINER",
        "downloadLocation": UNKNOWN,
        "checksums": [{"algorithm": "SHA256", "checksumValue": value}],
    }


def _package(kind: str, namespace: str, package: Package, number: int) -> Element:
    name, version = package["name"], package["version"]
    url = PackageURL(type=kind, namespace=namespace or None, name=name, version=version)
    address = {
        "referenceCategory": "PACKAGE-MANAGER",
        "referenceType": "purl",
        "referenceLocator": str(url),
    }
    return {
        "SPDXID": f"SPDXRef-{kind}-{number}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": UNKNOWN,
        "licenseDeclared": spdx_licence(package.get("licence", "")) or UNKNOWN,
        "externalRefs": [address],
    }


def _relation(element: str, kind: str, related: object) -> Element:
    return {
        "spdxElementId": element,
        "relationshipType": kind,
        "relatedSpdxElement": related,
    }
