"""The bill of materials names every package with its address and licence."""

import json
from typing import Any

import pytest
from fake_engine import image_facts

from images.contents.bom import PackageTables, package_tables, render
from images.errors import EngineError
from images.scripts import list_packages

TAG = "alternator:1-cpu"
IMAGE = image_facts(TAG, image_id=f"sha256:{'0' * 64}", labels={"alternator.variant": "cpu"})
TABLES: PackageTables = {
    "deb": [{"name": "tini", "version": "0.19.0-1", "note": "copied from it"}],
    "pypi": [
        {"name": "torch", "version": "2.13.0+cpu", "licence": "BSD-3-Clause"},
        {"name": "tqdm", "version": "4.70.1", "licence": "Do what you like.\nReally."},
    ],
}


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(TAG, IMAGE, TABLES))
    return found


def test_it_is_of_the_image(document: dict[str, Any]) -> None:
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    image = document["metadata"]["component"]
    assert (image["name"], image["version"]) == ("alternator", "1-cpu")
    assert image["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]
    assert document["metadata"]["timestamp"] == "2026-11-22T20:00:00+00:00"


def test_every_package_has_its_address(document: dict[str, Any]) -> None:
    assert sorted(component["purl"] for component in document["components"]) == [
        "pkg:deb/debian/tini@0.19.0-1",
        "pkg:pypi/torch@2.13.0%2Bcpu",
        "pkg:pypi/tqdm@4.70.1",
    ]


def test_a_licence_is_an_identifier_or_its_own_words(document: dict[str, Any]) -> None:
    found = {c["name"]: c.get("licenses") for c in document["components"]}
    assert found["torch"] == [{"license": {"id": "BSD-3-Clause"}}]
    assert found["tqdm"] == [{"license": {"name": "Do what you like."}}]
    assert found["tini"] is None


def test_one_image_has_one_bill() -> None:
    assert render(TAG, IMAGE, TABLES) == render(TAG, IMAGE, TABLES)


def test_what_the_script_prints_is_read() -> None:
    printed = {"deb": [], "pypi": list_packages.python()}
    assert package_tables(json.loads(json.dumps(printed))) == printed
    assert package_tables(TABLES) == TABLES


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"deb": []}, "it has no pypi"),
        ({"deb": [], "pypi": [{"name": "torch"}]}, r"it.pypi\[0\] has no version"),
        (
            {"deb": [{"name": "tini", "version": 1}], "pypi": []},
            r"it.deb\[0\].version is not a text",
        ),
    ],
)
def test_an_answer_of_another_shape_is_an_error(answer: object, why: str) -> None:
    with pytest.raises(EngineError, match=f"list of packages is of an unknown shape: {why}"):
        package_tables(answer)
