"""The SPDX bill names the same packages as CycloneDX's, in the words of its own format."""

import json
from typing import Any

import pytest
from fake_engine import image_facts

from images.contents import bom, spdx

TAG = "alternator:1-cpu"
IMAGE = image_facts(TAG, image_id=f"sha256:{'0' * 64}", labels={})
TABLES: bom.PackageTables = {
    "deb": [{"name": "tini", "version": "0.19.0-1", "note": "copied from it"}],
    "pypi": [
        {"name": "torch", "version": "2.13.0+cpu", "licence": "BSD-3-Clause"},
        {"name": "tqdm", "version": "4.70.1", "licence": "Do what you like.\nReally."},
    ],
}


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(spdx.render(TAG, IMAGE, TABLES))
    return found


def test_it_is_of_the_image(document: dict[str, Any]) -> None:
    assert (document["spdxVersion"], document["SPDXID"]) == ("SPDX-2.3", "SPDXRef-DOCUMENT")
    assert document["creationInfo"]["created"] == "2026-11-22T20:00:00Z"
    image = document["packages"][0]
    assert (image["name"], image["versionInfo"]) == ("alternator", "1-cpu")
    assert image["checksums"] == [{"algorithm": "SHA256", "checksumValue": "0" * 64}]


def test_every_package_has_its_address_as_in_cyclonedx(document: dict[str, Any]) -> None:
    addresses = [p["externalRefs"][0]["referenceLocator"] for p in document["packages"][1:]]
    other = json.loads(bom.render(TAG, IMAGE, TABLES))
    assert sorted(addresses) == sorted(c["purl"] for c in other["components"])


def test_a_licence_is_an_expression_or_unknown(document: dict[str, Any]) -> None:
    licences = {p["name"]: p["licenseDeclared"] for p in document["packages"][1:]}
    assert licences == {"tini": "NOASSERTION", "torch": "BSD-3-Clause", "tqdm": "NOASSERTION"}


def test_the_image_contains_each_once(document: dict[str, Any]) -> None:
    ids = [package["SPDXID"] for package in document["packages"]]
    assert len(set(ids)) == len(ids)
    found = [(r["relationshipType"], r["relatedSpdxElement"]) for r in document["relationships"]]
    assert found == [("DESCRIBES", ids[0]), *(("CONTAINS", name) for name in ids[1:])]


def test_it_only_depends_on_the_image() -> None:
    assert spdx.render(TAG, IMAGE, TABLES) == spdx.render(TAG, IMAGE, TABLES)
