"""Mentions, follows, and the timeline of who is followed, over HTTP as a client has them."""

from typing import Any

import pytest
import requests

from sandbox.model.records import NEIGHBOUR, PASSERBY, TOKENS, Token
from sandbox.server import SandboxServer

TOKENS["posts-alone"] = Token(account=PASSERBY, scopes=("read:statuses", "write:statuses"))


def ask(
    server: SandboxServer, path: str, *, token: str = "sandbox", method: str = "GET", **query: Any
) -> Any:
    answer = requests.request(
        method,
        f"{server.url}/api/v1/{path}",
        params=query,
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )
    return answer.json() if answer.ok else answer.status_code


def test_a_mention_is_told_and_pages_go_up_from_an_id(server: SandboxServer):
    posts = [server.post(f"@demo {n}", token="neighbour")["id"] for n in range(3)]
    found = ask(server, "notifications")
    assert [one["status"]["id"] for one in found] == posts[::-1]
    lowest = found[-1]["id"]
    above = ask(server, "notifications", min_id=lowest, limit=1)
    assert [one["status"]["id"] for one in above] == [posts[1]]
    newest = ask(server, "notifications", since_id=lowest, limit=1)
    assert [one["status"]["id"] for one in newest] == [posts[2]]


def test_a_direct_message_from_who_is_not_followed_is_filtered(server: SandboxServer):
    server.post("@demo", token="passerby", visibility="direct")
    server.post("@demo", token="neighbour", visibility="direct")
    assert [one["account"]["username"] for one in ask(server, "notifications")] == ["neighbour"]
    everything = ask(server, "notifications", include_filtered="true")
    assert [one.get("filtered") for one in everything] == [None, True]


def test_following_is_told_once_and_brings_posts_home(server: SandboxServer):
    path = f"accounts/{PASSERBY.id}"
    before = server.post("Hello", token="passerby")["id"]
    assert ask(server, "timelines/home") == []
    for _ in range(2):
        found = ask(server, f"{path}/follow", method="POST")
        assert (found["following"], found["followed_by"]) == (True, False)
    assert [one["id"] for one in ask(server, "timelines/home")] == [before]
    told = ask(server, "notifications", token="passerby", **{"types[]": "follow"})
    assert [one["type"] for one in told] == ["follow"]
    assert ask(server, "notifications", token="passerby", **{"types[]": "mention"}) == []
    assert ask(server, f"{path}/unfollow", method="POST")["following"] is False
    assert ask(server, "timelines/home") == []


def test_each_of_it_needs_its_scope(server: SandboxServer):
    path = f"accounts/{NEIGHBOUR.id}/follow"
    assert ask(server, "notifications", token="posts-alone") == 403
    assert ask(server, "accounts/relationships", token="posts-alone") == 403
    assert ask(server, path, token="posts-alone", method="POST") == 403
    assert ask(server, "notifications", token="nobody's") == 401
    assert ask(server, "accounts/0/follow", method="POST") == 404


def test_relationships_are_told_of_those_that_are_there(server: SandboxServer):
    query = f"id[]={NEIGHBOUR.id}&id[]=0"
    found = ask(server, f"accounts/relationships?{query}")
    assert [(one["id"], one["following"]) for one in found] == [(NEIGHBOUR.id, True)]


@pytest.mark.parametrize(("who", "heard"), [("neighbour", True), ("passerby", False)])
def test_the_stream_has_the_notifications_that_are_not_filtered(
    server: SandboxServer, who: str, heard: bool
):
    with requests.get(
        f"{server.url}/api/v1/streaming/user",
        headers={"Authorization": f"Bearer {server.token}"},
        stream=True,
        timeout=10,
    ) as stream:
        lines = stream.iter_lines(decode_unicode=True)
        assert next(lines) == ":)"
        server.post("@demo", token=who, visibility="direct")
        server.post("The end")
        events = []
        for line in lines:
            if line.startswith("event: "):
                events.append(line.removeprefix("event: "))
            if events and events[-1] == "update":
                break
        assert ("notification" in events) == heard
