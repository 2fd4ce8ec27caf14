"""The table of servers, and answers of each of them (``answers``), with where they are from."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from pauses import Pauses

from alternator.config.settings import MastodonSettings
from alternator.errors import (
    EditRefusedError,
    GoneError,
    ServerError,
    TemporaryServerError,
    TokenRefusedError,
)
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.dialect import (
    About,
    Describes,
    Dialect,
    Streaming,
    named,
    recognise,
    table,
)
from alternator.mastodon.parse import (
    NOTHING_TOLD,
    parse_attachment,
    parse_instance,
    parse_source,
    parse_status,
)
from sandbox.server import SandboxServer

FILES = sorted((Path(__file__).parent / "answers").glob("*.json"))
URL = "https://social.example"
# What a code is, whatever the text: servers have words of their own for each.
ERRORS = {
    400: EditRefusedError,
    401: TokenRefusedError,
    404: GoneError,
    422: EditRefusedError,
    429: TemporaryServerError,
}


def read(path: Path) -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return answers


def with_(key: str) -> list[Any]:
    return [pytest.param(read(path), id=path.stem) for path in FILES if key in read(path)]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def recorded(request: pytest.FixtureRequest) -> dict[str, Any]:
    return read(request.param)


@pytest.fixture(params=table().dialects, ids=lambda d: f"{d.software} {d.since or ''}")
def dialect(request: pytest.FixtureRequest) -> Dialect:
    found: Dialect = request.param
    return found


def instance_of(recorded: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = recorded.get("instance_v2") or recorded.get("instance_v1") or {}
    return found or NOTHING_TOLD


def version(recorded: dict[str, Any]) -> str:
    return str(instance_of(recorded).get("version", ""))


def name(recorded: dict[str, Any]) -> str | None:
    return recorded["nodeinfo"]["software"]["name"] if "nodeinfo" in recorded else None


def test_every_answer_says_where_it_is_from(recorded: dict[str, Any]):
    assert all(source.startswith("https://") for source in recorded["source"])
    assert recorded["how"].startswith(("reduced", "made from"))


def test_every_row_has_an_answer():
    expected = {(e["software"], e["describes"]) for e in (read(f)["expected"] for f in FILES)}
    rows = {(dialect.software, dialect.describes) for dialect in table().dialects}
    # Nobody has an answer of a Hometown or glitch-soc for each of their two rows.
    unrecorded = {("Hometown", "edit"), ("glitch-soc", "none")}
    assert expected == rows - unrecorded


def test_a_server_is_recognised_by_its_answers(recorded: dict[str, Any]):
    found = recognise(version(recorded), name(recorded))
    expected = recorded["expected"]
    assert (found.software, found.describes) == (expected["software"], expected["describes"])


def test_its_limit_is_read_or_known(recorded: dict[str, Any]):
    answer = instance_of(recorded)
    instance = parse_instance(answer, name(recorded))
    assert instance.description_limit == recorded["expected"]["description_limit"]
    named = answer.get("configuration", {}).get("urls", {}).get("streaming")
    assert instance.streaming_url == (named or answer.get("urls", {}).get("streaming_api"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_without_nodeinfo_only_a_borrowed_version_misleads(path: Path):
    recorded = read(path)
    borrowed = {"gotosocial_as_mastodon": "Mastodon", "misskey": "another server"}
    expected = borrowed.get(path.stem, recorded["expected"]["software"])
    assert recognise(version(recorded), None).software == expected


@pytest.mark.parametrize("recorded", with_("status"))
def test_its_status_is_read(recorded: dict[str, Any]):
    status = parse_status(recorded["status"])
    assert status.id == recorded["status"]["id"]
    (attachment,) = status.attachments
    assert attachment.lacks_description
    assert attachment.type == "image"


@pytest.mark.parametrize("recorded", with_("source_of_status"))
def test_its_source_is_read(recorded: dict[str, Any]):
    source = parse_source(recorded["source_of_status"])
    assert source.text == recorded["source_of_status"]["text"]
    assert source.content_type == recorded["source_of_status"].get("content_type")


@pytest.mark.parametrize("recorded", with_("edited"))
def test_its_edit_describes_if_the_table_says_so(recorded: dict[str, Any]):
    (attachment,) = parse_status(recorded["edited"]).attachments
    # Takahē's does, and makes the post public.
    describes = recorded["expected"]["describes"] != "none"
    assert attachment.lacks_description is not describes
    if recorded["expected"]["describes"] == "medium":
        assert recorded["edited"]["visibility"] != recorded["status"]["visibility"]


@pytest.mark.parametrize("recorded", with_("medium"))
def test_its_medium_is_read(recorded: dict[str, Any]):
    assert parse_attachment(recorded["medium"]).description == "Blue"
    assert recorded["expected"]["describes"] == "medium"


@pytest.mark.parametrize("recorded", with_("error"))
def test_its_errors_are_told_apart_by_their_code(server: SandboxServer, recorded: dict[str, Any]):
    settings = MastodonSettings(instance_url=server.url, access_token=server.token)
    client = MastodonClient(settings, progress=Pauses())
    error = recorded["error"]
    server.fail("/api/v1/media/11", method="PUT", times=None, **error)
    with pytest.raises(ServerError) as failure:
        client.describe_medium("11", "Blue")
    assert type(failure.value) is ERRORS[error["status"]]


@pytest.mark.parametrize(
    ("version", "nodeinfo", "software", "describes"),
    [
        ("4.5.0", None, "Mastodon", "edit"),
        ("v4.5.0", None, "Mastodon", "edit"),
        ("4.1.0rc1", "Mastodon", "Mastodon", "edit"),
        ("4.0.0", None, "Mastodon", "none"),
        ("4.10.0", "mastodon", "Mastodon", "edit"),
        ("10.0.1", "mastodon", "Mastodon", "edit"),
        # A fork that nobody knows says mastodon in its nodeinfo, or is not known.
        ("4.3.0+chuckya", "mastodon", "Mastodon", "edit"),
        ("4.3.0+chuckya", None, "another server", "edit"),
        # What is not read is not refused for its age.
        ("", "mastodon", "another server", "edit"),
        ("", None, "another server", "edit"),
        ("latest", "glitch-soc", "another server", "edit"),
        ("", "gotosocial", "GoToSocial", "medium"),
        ("0.18.3 git-1a2b3c", None, "GoToSocial", "medium"),
        ("0.19.0", None, "GoToSocial", "edit"),
        ("1.0.0", "gotosocial", "GoToSocial", "medium"),
        ("4.0.0 (not true; really snac/2.52)", "snac", "another server", "edit"),
        ("4.0.0 (compatible; Mitra 2.18.0)", "mitra", "another server", "edit"),
    ],
)
def test_which_row_a_server_is_of(
    version: str, nodeinfo: str | None, software: str, describes: str
):
    found = recognise(version, nodeinfo)
    assert (found.software, found.describes) == (software, describes)


def test_one_that_nobody_knows_gets_the_careful_way():
    unknown = recognise("1.0 (nobody's)", "nobodys")
    assert unknown.careful
    assert unknown.edit is not None
    assert unknown.edit.false_beside_warning == "unknown"
    assert not unknown.edit.tells_hidden_totals
    assert unknown.description_limit == min(d.description_limit for d in table().dialects)


def test_each_row_is_whole(dialect: Dialect):
    assert dialect.describes in get_args(Describes)
    assert dialect.streaming in get_args(Streaming)
    assert (dialect.edit is None) is (dialect.describes != "edit")
    if dialect.edit is not None:
        assert dialect.edit.false_beside_warning in ("text", "boolean", "unknown")
    assert dialect.nodeinfo == tuple(name.lower() for name in dialect.nodeinfo)
    assert {"read:statuses", "write:statuses"} <= set(dialect.scopes)


def test_each_fact_has_a_source(dialect: Dialect):
    assert dialect.facts
    for fact in dialect.facts:
        assert fact.about in get_args(About)
        assert fact.source.startswith("https://")
        assert fact.says.endswith(".")


def test_a_refusal_says_what_works_instead(dialect: Dialect):
    refusal = dialect.refusal(URL)
    assert (refusal is None) is (dialect.describes != "none")
    if refusal is not None:
        assert refusal.startswith(f"{URL}: ")
        assert dialect.instead is not None
        assert refusal.endswith(dialect.instead)


def test_all_versions_of_mastodon_are_told_of():
    assert [change.version for change in table().changes] == [f"4.{minor}" for minor in range(7)]


def test_a_software_is_named_once_for_each_release():
    rows = [(d.software, d.since) for d in table().dialects]
    assert len(rows) == len(set(rows))
    assert named("Mastodon").since == (4, 1)
