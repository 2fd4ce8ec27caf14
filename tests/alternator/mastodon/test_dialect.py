"""Each file of ``answers`` has what a server says of itself, and where that is from."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from alternator.mastodon.dialect import DIALECTS, MASTODON, Software, recognise
from alternator.mastodon.parse import parse_instance

FILES = sorted((Path(__file__).parent / "answers").glob("*.json"))
URL = "https://social.example"


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(request.param.read_text("utf-8"))
    return answers


def version(recorded: dict[str, Any]) -> str:
    instance = recorded["instance_v2"] if "instance_v2" in recorded else recorded["instance_v1"]
    return str(instance["version"])


def name(recorded: dict[str, Any]) -> str | None:
    return recorded["nodeinfo"]["software"]["name"] if "nodeinfo" in recorded else None


def test_every_answer_says_where_it_is_from(recorded: dict[str, Any]):
    assert all(source.startswith("https://") for source in recorded["source"])
    assert recorded["how"].startswith(("reduced", "made from"))


def test_every_software_is_recorded():
    named = {json.loads(path.read_text("utf-8"))["expected"]["software"] for path in FILES}
    assert named == set(get_args(Software)) == {d.software for d in (MASTODON, *DIALECTS)}


def test_a_server_is_recognised_by_its_answers(recorded: dict[str, Any]):
    dialect = recognise(version(recorded), name(recorded))
    assert dialect.software == recorded["expected"]["software"]


def test_its_limits_are_read(recorded: dict[str, Any]):
    answer: dict[str, Any] = recorded.get("instance_v2") or recorded["instance_v1"]
    instance = parse_instance(answer)
    assert instance.description_limit == recorded["expected"]["description_limit"]
    named = answer.get("configuration", {}).get("urls", {}).get("streaming")
    assert instance.streaming_url == (named or answer.get("urls", {}).get("streaming_api"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_without_nodeinfo_only_a_borrowed_version_misleads(path: Path):
    recorded = json.loads(path.read_text("utf-8"))
    borrowed = path.stem == "gotosocial_as_mastodon"
    expected = "Mastodon" if borrowed else recorded["expected"]["software"]
    assert recognise(version(recorded), None).software == expected


@pytest.mark.parametrize(
    ("version", "nodeinfo"),
    [
        ("", None),
        ("4.5.0", None),
        ("4.5.0", "Mastodon"),
        ("2.8.0 (compatible; Friendica 2024.03)", "friendica"),
        ("4.2.1 (compatible; Iceshrimp.NET/2024.1)", None),
        ("4.0.0 (not true; really snac/2.52)", "snac"),
        ("0.9.1", "somethingelse"),
    ],
)
def test_what_is_not_known_is_taken_for_mastodon(version: str, nodeinfo: str | None):
    assert recognise(version, nodeinfo) is MASTODON
