import json
from contextlib import suppress

import pytest

from alternator.errors import UnexpectedAnswerError
from alternator.mastodon.streams.events import Event, EventReader
from sandbox.server import SandboxServer


@pytest.mark.parametrize("name", ["update", "status.update"])
def test_a_post_of_the_accounts_own_is_read(server: SandboxServer, name: str):
    status = server.post("Hello")
    reader = EventReader(status["account"]["id"])
    found = reader.read(Event(name=name, payload=json.dumps(status)))
    assert found is not None
    assert (found.id, found.content) == (status["id"], "<p>Hello</p>")


def test_what_is_others_or_no_post_is_none(server: SandboxServer):
    payload = json.dumps(server.post("Hello", token="neighbour"))
    own = server.post("Hello")
    reader = EventReader(own["account"]["id"])
    assert reader.read(Event(name="update", payload=payload)) is None
    for name in ("delete", "notification", "announcement", "on_update", "__init__", ""):
        assert reader.read(Event(name=name, payload=json.dumps(own))) is None


def test_that_there_is_something_of_others_is_told(server: SandboxServer):
    theirs = server.post("Hello", token="neighbour")
    own = server.post("Hello")
    heard: list[str | None] = []
    reader = EventReader(own["account"]["id"], others=heard.append)
    for name, status in (("update", theirs), ("notification", {"id": "1"}), ("update", own)):
        reader.read(Event(name=name, payload=json.dumps(status)))
    assert heard == [theirs["account"]["id"], None]


@pytest.mark.parametrize(
    "payload",
    ["", "null", "{}", "[]", '"text"', "[" * 99_999, '{"account": {"id": "1"}}', "undefined"],
)
def test_what_is_no_status_is_told_as_such(payload: str):
    with pytest.raises(UnexpectedAnswerError):
        EventReader("1").read(Event(name="update", payload=payload))


@pytest.mark.parametrize(
    "changes",
    [
        {"media_attachments": 7},
        {"media_attachments": [None]},
        {"created_at": {"$": 1}},
        {"poll": []},
        {"reblog": {"reblog": {}}},
        {"id": None},
    ],
)
def test_whatever_a_library_makes_of_a_half_status_it_is_no_defect(
    server: SandboxServer, changes: dict[str, object]
):
    status = {**server.post("Hello"), **changes}
    reader = EventReader(server.statuses()[0]["account"]["id"])
    with suppress(UnexpectedAnswerError):
        reader.read(Event(name="update", payload=json.dumps(status)))
    # The next one is read all the same.
    whole = json.dumps(server.post("Hello again"))
    assert reader.read(Event(name="update", payload=whole)) is not None
