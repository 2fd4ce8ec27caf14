"""What is attested of an image is made beside it, and attached to that very image later."""

import json
from pathlib import Path

import pytest
from attested import PREDICATES
from fake_engine import FakeEngine, image_facts

from images.contents.bom import PackageTables
from images.errors import ShipError
from images.publish import attest
from images.publish.attestations import CYCLONEDX, PROVENANCE, SPDX

TAG = "alternator:1-cpu"
IMAGE = image_facts(TAG, image_id=f"sha256:{'0' * 64}", labels={"alternator.variant": "cpu"})
TABLES: PackageTables = {"deb": [{"name": "tini", "version": "0.19.0-1"}], "pypi": []}


def test_bills_and_provenance_are_of_one_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attest, "ask", lambda engine, tag, script: TABLES)
    made = attest.make(FakeEngine(images=[IMAGE]), TAG, {})
    documents = {predicate.type: json.dumps(predicate.document) for predicate in made}
    assert list(documents) == [SPDX, CYCLONEDX, PROVENANCE]
    for kind in (SPDX, CYCLONEDX):
        assert "0" * 64 in documents[kind]
        assert "pkg:deb/debian/tini@0.19.0-1" in documents[kind]
    assert '"variant": "cpu"' in documents[PROVENANCE]


def test_what_is_kept_is_read_for_that_image_alone(tmp_path: Path) -> None:
    place = attest.write(tmp_path, IMAGE.image_id, PREDICATES)
    assert sorted(path.name for path in place.iterdir()) == [
        "bom.cdx.json",
        "bom.spdx.json",
        "provenance.json",
    ]
    assert attest.read(tmp_path, IMAGE.image_id) == PREDICATES
    other = f"sha256:{'1' * 64}"
    with pytest.raises(ShipError, match=f"has no attestations of {other}"):
        attest.read(tmp_path, other)


@pytest.mark.parametrize("damage", ["", "{"])
def test_a_damaged_file_is_no_attestation(tmp_path: Path, damage: str) -> None:
    place = attest.write(tmp_path, IMAGE.image_id, PREDICATES)
    (place / "provenance.json").write_text(damage)
    with pytest.raises(ShipError, match="`alternator images attest` makes them"):
        attest.read(tmp_path, IMAGE.image_id)
