"""What pip is asked, in which environment, and what its answers mean."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from package_index import sha256
from package_site import Site

from images.errors import WheelhouseError
from images.packages.pip import Found, last_words, read_report

ITEM: dict[str, Any] = {
    "metadata": {"name": "alpha", "version": "1.0"},
    "download_info": {"url": "file:///a.whl", "archive_info": {"hashes": {"sha256": "aa"}}},
}


def test_a_report_is_what_would_be_installed(site: Site) -> None:
    found = {item.name: item for item in site.pip().report(["alpha"])}
    assert found.keys() == {"alpha", "beta"}
    assert found["alpha"].sha256 == sha256(site.index / "alpha-1.0-py3-none-any.whl")


def test_what_pip_cannot_find_is_told_in_its_words(site: Site, tmp_path: Path) -> None:
    with pytest.raises(WheelhouseError, match="No matching distribution found for omega"):
        site.pip().report(["omega"])


def test_one_index_only(site: Site) -> None:
    environ = {**site.environ, "PIP_EXTRA_INDEX_URL": "http://other.example", "PIP_CERT": "/ca.pem"}
    kept = replace(site.pip(), environ=environ).index_only().environ
    assert {name: value for name, value in kept.items() if name.startswith("PIP_")} == {
        "PIP_INDEX_URL": environ["PIP_INDEX_URL"],
        "PIP_CERT": "/ca.pem",
        "PIP_CONFIG_FILE": "/dev/null",
    }


def test_an_item_of_a_report() -> None:
    [found] = read_report(json.dumps({"install": [ITEM]}))
    assert found == Found(name="alpha", version="1.0", url="file:///a.whl", sha256="aa")
    [bare] = read_report(json.dumps({"install": [{**ITEM, "download_info": {"url": "u"}}]}))
    assert bare.sha256 is None


@pytest.mark.parametrize("text", ["", "{}", '{"install": [1]}', '{"install": [{"metadata": {}}]}'])
def test_a_report_of_another_shape_is_an_error(text: str) -> None:
    with pytest.raises(WheelhouseError, match="pip's report is of an unknown shape"):
        read_report(text)


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("Collecting\nERROR: one\nnoise\nERROR: two\n", "ERROR: one ERROR: two"),
        ("a\nb\nc\nd\n", "c d"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES\n\n  alpha:\n  Expected 1\n  Got 2\n",
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES alpha: Expected 1 Got 2",
        ),
    ],
)
def test_last_words(tmp_path: Path, log: str, expected: str) -> None:
    path = tmp_path / "pip.log"
    path.write_text(log)
    assert last_words(path) == expected
