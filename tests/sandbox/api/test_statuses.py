"""Posting and editing, through Mastodon.py and by raw requests."""

from typing import Any

import pytest
from mastodon import Mastodon, MastodonNotFoundError

from sandbox.server import SandboxServer
from sandbox.settings import Settings

MASTODON_OPTIONS: dict[str, Any] = {
    "access_token": "sandbox",
    "version_check_mode": "none",
    "ratelimit_method": "throw",
}


@pytest.fixture
def client(server):
    return Mastodon(api_base_url=server.url, **MASTODON_OPTIONS)


@pytest.fixture
def full_status(server, picture, other_picture):
    """A status with everything that an edit can lose."""
    return server.post(
        "Look & see: <two> pictures",
        files=[picture, other_picture],
        descriptions=["a blue one", None],
        spoiler_text="pictures",
        sensitive=True,
        language="de",
        visibility="unlisted",
    )


def replacement(before: dict[str, Any], /, **changes: Any) -> dict[str, Any]:
    """The edit that changes nothing of ``full_status``, with changes."""
    media = [{"id": a["id"], "description": a["description"]} for a in before["media_attachments"]]
    return {
        "status": "Look & see: <two> pictures",
        "spoiler_text": "pictures",
        "sensitive": True,
        "language": "de",
        "media_ids": [a["id"] for a in before["media_attachments"]],
        "media_attributes": media,
    } | changes


def edit(api, before: dict[str, Any], /, **body: Any):
    return api("PUT", f"/api/v1/statuses/{before['id']}", json=body)


def test_client_library_posts_and_reads_back(client):
    posted = client.status_post(
        "Hello #there", spoiler_text="greeting", language="fr", visibility="unlisted"
    )
    status = client.status(posted.id)
    assert status.content.startswith("<p>Hello <a ")
    assert [tag.name for tag in status.tags] == ["there"]
    assert (status.spoiler_text, status.sensitive) == ("greeting", True)
    assert (status.language, status.visibility, status.edited_at) == ("fr", "unlisted", None)
    source = client.status_source(posted.id)
    assert (source.text, source.spoiler_text) == ("Hello #there", "greeting")


def test_ids_are_decimal_strings_that_grow(api):
    ids = [api("POST", "/api/v1/statuses", data={"status": "x"}).json()["id"] for _ in range(3)]
    assert all(isinstance(status_id, str) for status_id in ids)
    assert [int(i) for i in ids] == sorted({int(i) for i in ids})


def test_idempotency_key_gives_the_same_status(api):
    headers = {"Idempotency-Key": "once"}
    first, second = (
        api("POST", "/api/v1/statuses", data={"status": "x"}, headers=headers) for _ in range(2)
    )
    assert first.json()["id"] == second.json()["id"]


def test_form_and_json_are_read_alike(api):
    poll = {"options": ["tea", "coffee"], "expires_in": 3600}
    by_json = api("POST", "/api/v1/statuses", json={"status": "x", "poll": poll}).json()
    form = [
        ("status", "x"),
        ("poll[options][]", "tea"),
        ("poll[options][]", "coffee"),
        ("poll[expires_in]", "3600"),
    ]
    by_form = api("POST", "/api/v1/statuses", data=form).json()
    titles = [[o["title"] for o in s["poll"]["options"]] for s in (by_json, by_form)]
    assert titles == [["tea", "coffee"]] * 2


@pytest.mark.parametrize(
    "body",
    [
        {"status": ""},
        {"status": "x" * 501},
        {"status": "x", "visibility": "secret"},
        {"status": "x", "media_ids": ["1"]},
        {"status": "x", "poll": {"options": ["one"], "expires_in": 300}},
    ],
    ids=["empty", "too-long", "visibility", "unknown-media", "short-poll"],
)
def test_what_mastodon_refuses_is_422_with_an_error(api, body):
    response = api("POST", "/api/v1/statuses", json=body)
    assert response.status_code == 422
    assert set(response.json()) == {"error"}


def test_links_count_as_23_characters(api):
    long_link = "https://example.org/" + "x" * 600
    assert api("POST", "/api/v1/statuses", json={"status": long_link}).status_code == 200


def test_wrong_and_missing_tokens_are_401_and_read_only_ones_403(server, api):
    paths = ["/api/v1/statuses", "/api/v2/media"]
    for token, expected in ((None, 401), ("wrong", 401), ("sandbox-read-only", 403)):
        headers = {"Authorization": f"Bearer {token}" if token else None}
        answers = [api("POST", path, data={"status": "x"}, headers=headers) for path in paths]
        assert [a.status_code for a in answers] == [expected] * 2, token
        assert all("error" in a.json() for a in answers)
    assert server.statuses() == []


def test_edit_describes_and_keeps_everything_else(api, full_status):
    media = replacement(full_status)["media_attributes"]
    media[1]["description"] = "ein rotes"
    edited = edit(api, full_status, **replacement(full_status, media_attributes=media)).json()
    assert [a["description"] for a in edited["media_attachments"]] == ["a blue one", "ein rotes"]
    same = ("content", "spoiler_text", "sensitive", "language", "visibility", "created_at", "id")
    assert {key: edited[key] for key in same} == {key: full_status[key] for key in same}
    assert edited["edited_at"] is not None


@pytest.mark.parametrize(
    ("omitted", "field", "expected"),
    [
        ("media_ids", "media_attachments", []),
        ("spoiler_text", "spoiler_text", ""),
        ("language", "language", "en"),
    ],
)
def test_what_an_edit_leaves_out_is_gone(api, full_status, omitted, field, expected):
    body = replacement(full_status)
    del body[omitted]
    assert edit(api, full_status, **body).json()[field] == expected


def test_sensitive_left_out_is_cleared_unless_there_is_a_warning(api, full_status):
    body = replacement(full_status)
    del body["sensitive"]
    assert edit(api, full_status, **body).json()["sensitive"] is True
    del body["spoiler_text"]
    assert edit(api, full_status, **body).json()["sensitive"] is False


def test_edit_without_words_keeps_the_old_warning(api, full_status):
    """A quirk of Mastodon: with no text, the new warning becomes the text."""
    edited = edit(api, full_status, **replacement(full_status, status="", spoiler_text="new"))
    assert edited.json()["spoiler_text"] == "pictures"
    assert edited.json()["content"] == "<p>new</p>"


def test_poll_left_out_is_deleted(api, server):
    poll = {"options": ["tea", "coffee"], "expires_in": 3600}
    status = server.post("Which?", poll=poll)
    assert status["poll"]["options"][0]["title"] == "tea"
    assert edit(api, status, status="Which?", language="en").json()["poll"] is None


def test_order_of_media_ids_is_kept(api, full_status):
    turned = list(reversed(replacement(full_status)["media_ids"]))
    edited = edit(api, full_status, **replacement(full_status, media_ids=turned)).json()
    assert [a["id"] for a in edited["media_attachments"]] == turned


def test_attachment_taken_away_can_be_brought_back(api, full_status):
    first = replacement(full_status)["media_ids"][:1]
    edit(api, full_status, **replacement(full_status, media_ids=first))
    edited = edit(api, full_status, **replacement(full_status)).json()
    assert [a["id"] for a in edited["media_attachments"]] == replacement(full_status)["media_ids"]


def test_focus_is_set_by_an_edit_and_kept_when_not_named(api, full_status):
    media = replacement(full_status)["media_attributes"]
    media[0]["focus"] = "0.5,-0.25"
    edit(api, full_status, **replacement(full_status, media_attributes=media))
    del media[0]["focus"]
    edited = edit(api, full_status, **replacement(full_status, media_attributes=media)).json()
    assert edited["media_attachments"][0]["meta"]["focus"] == {"x": 0.5, "y": -0.25}


def test_description_over_the_limit_changes_nothing(api, server, full_status):
    media = replacement(full_status)["media_attributes"]
    media[1]["description"] = "ü" * 1501
    refused = edit(api, full_status, **replacement(full_status, status="x", media_attributes=media))
    assert refused.status_code == 422
    assert server.status(full_status["id"]) == full_status
    media[1]["description"] = "ü" * 1500
    body = replacement(full_status, media_attributes=media)
    assert edit(api, full_status, **body).status_code == 200


def test_limit_can_be_enforced_without_being_announced(connect, picture):
    settings = Settings(description_limit=100, announce_description_limit=False)
    with SandboxServer(settings=settings) as server:
        api = connect(server.url)
        limits = api("GET", "/api/v2/instance").json()["configuration"]["media_attachments"]
        refused = api.upload(picture, description="x" * 101)
    assert "description_limit" not in limits
    assert refused.status_code == 422


def test_unchanged_edit_is_no_edit(api, server, full_status):
    edited = edit(api, full_status, **replacement(full_status)).json()
    assert edited["edited_at"] is None
    assert len(api("GET", f"/api/v1/statuses/{full_status['id']}/history").json()) == 1


def test_history_keeps_the_descriptions_of_their_time(api, full_status):
    media = replacement(full_status)["media_attributes"]
    media[1]["description"] = "red"
    edit(api, full_status, **replacement(full_status, status="New", media_attributes=media))
    history = api("GET", f"/api/v1/statuses/{full_status['id']}/history").json()
    assert [revision["media_attachments"][1]["description"] for revision in history] == [
        None,
        "red",
    ]
    assert "two" in history[0]["content"]
    assert history[1]["content"] == "<p>New</p>"


def test_edit_of_somebody_elses_status_is_404(api, server):
    status = server.post("mine", token="neighbour")
    assert edit(api, status, status="yours").status_code == 404
    assert api("GET", f"/api/v1/statuses/{status['id']}/source").status_code == 404
    assert api("DELETE", f"/api/v1/statuses/{status['id']}").status_code == 404
    assert server.status(status["id"])["content"] == "<p>mine</p>"


def test_private_posts_are_for_their_author(api, server):
    status = server.post("secret", token="neighbour", visibility="private")
    assert api("GET", f"/api/v1/statuses/{status['id']}").status_code == 404
    theirs = api(
        "GET", f"/api/v1/statuses/{status['id']}", headers={"Authorization": "Bearer neighbour"}
    )
    assert theirs.status_code == 200


def test_deleted_status_is_gone_with_its_files(client, api, server, picture):
    status = server.post("x", files=[picture])
    url = status["media_attachments"][0]["url"].removeprefix(server.url)
    assert api("GET", url).content == picture.read_bytes()
    client.status_delete(status["id"])
    with pytest.raises(MastodonNotFoundError):
        client.status(status["id"])
    assert api("GET", url).status_code == 404


def test_boost_carries_its_media_in_reblog(client, server, picture):
    status = server.post("x", files=[picture], token="neighbour")
    boost = client.status_reblog(status["id"])
    assert boost.media_attachments == []
    assert boost.reblog.media_attachments[0].type == "image"
    assert boost.reblog.account.username == "neighbour"
    assert client.status_reblog(status["id"]).id == boost.id
    assert client.status(status["id"]).reblogs_count == 1


def test_replies_are_the_context(api, server):
    first = server.post("question")
    reply = api(
        "POST", "/api/v1/statuses", json={"status": "answer", "in_reply_to_id": first["id"]}
    ).json()
    assert reply["in_reply_to_account_id"] == first["account"]["id"]
    context = api("GET", f"/api/v1/statuses/{reply['id']}/context").json()
    assert [s["id"] for s in context["ancestors"]] == [first["id"]]


def test_a_direct_post_reaches_whom_it_mentions_alone(connect, server, api):
    """As in Mastodon: the author and those mentioned see it, and the answers to it."""
    neighbour = connect(server.url, "neighbour")
    asked = neighbour(
        "POST", "/api/v1/statuses", json={"status": "@demo shall I?", "visibility": "direct"}
    ).json()
    assert [mention["acct"] for mention in asked["mentions"]] == ["demo"]
    assert api("GET", f"/api/v1/statuses/{asked['id']}").status_code == 200
    assert connect(server.url, None)("GET", f"/api/v1/statuses/{asked['id']}").status_code == 404
    answer = server.post("@neighbour ok", in_reply_to_id=asked["id"], visibility="direct")
    deeper = server.post("no", in_reply_to_id=answer["id"], visibility="direct")
    context = neighbour("GET", f"/api/v1/statuses/{asked['id']}/context").json()
    assert [found["id"] for found in context["descendants"]] == [answer["id"]]
    own = api("GET", f"/api/v1/statuses/{asked['id']}/context").json()
    assert [found["id"] for found in own["descendants"]] == [answer["id"], deeper["id"]]


def test_a_favourite_is_told_to_who_gave_it_and_counted(connect, server, api):
    status = server.post("Look", visibility="unlisted")
    path = f"/api/v1/statuses/{status['id']}"
    assert api("POST", f"{path}/favourite").json()["favourited"] is True
    assert connect(server.url, "neighbour")("GET", path).json()["favourited"] is False
    assert api("GET", path).json()["favourites_count"] == 1
    assert [account["acct"] for account in api("GET", f"{path}/favourited_by").json()] == ["demo"]
    assert api("POST", f"{path}/unfavourite").json()["favourites_count"] == 0
