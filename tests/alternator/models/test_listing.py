"""The table."""

import json
from pathlib import Path

import pytest
from model_server import ModelServer

from alternator.models import listing
from alternator.models.catalog import NamedModel
from alternator.models.store import obtain
from alternator.progress import SILENT


def test_the_table(known: NamedModel, server: ModelServer, tmp_path: Path) -> None:
    obtain("tiny", tmp_path, mirror=server.url, progress=SILENT)
    (tmp_path / "small.pt.part").write_bytes(b"1")
    (tmp_path / "mine.pt").write_bytes(b"1" * 2_000_000)
    table = listing.as_table(listing.rows(tmp_path, "turbo"), tmp_path).splitlines()
    assert table[0].split() == [
        "model", "size", "languages", "float32", "float16", "int8", "here",
    ]  # fmt: skip
    by_name = {line[3:].split()[0]: line for line in table[1:14]}
    assert len(by_name) == 13
    assert by_name["tiny"].endswith("  yes")
    assert by_name["small"].split()[-1] == "begun"
    assert by_name["mine"].split() == ["mine", "2", "MB", "yes,", "your", "own"]
    assert by_name["tiny.en"].split()[3] == "English"
    assert by_name["large-v3-turbo"].split() == [
        "*", "large-v3-turbo", "1.6", "GB", "100", "3.2", "GB", "1.6", "GB", "1.0", "GB", "no",
    ]  # fmt: skip
    assert sum(line.startswith("*  ") for line in table) == 1


@pytest.mark.parametrize("configured", ["mine", "mine.pt", "{}/mine.pt"])
def test_a_configured_model_of_ones_own(tmp_path: Path, configured: str) -> None:
    (tmp_path / "mine.pt").write_bytes(b"1")
    found = [one for one in listing.rows(tmp_path, configured.format(tmp_path)) if one.configured]
    assert [one.name for one in found] == ["mine"]


def test_a_configured_path_outside_is_listed_too(tmp_path: Path) -> None:
    found = listing.rows(tmp_path, "/elsewhere/model.pt")[-1]
    assert (found.name, found.configured, found.state) == ("/elsewhere/model.pt", True, "absent")
    assert json.loads(listing.as_json([found]))[0]["path"] == "/elsewhere/model.pt"
