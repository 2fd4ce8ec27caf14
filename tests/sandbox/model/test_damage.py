"""Edits that damage a post on purpose."""

from typing import get_args

import pytest

from sandbox.control.faults import Damage

# What each changes in the Status entity, and nothing else.
HARMED = {
    "lose_text": {"content"},
    "change_text": {"content"},
    "turn_public": {"visibility"},
    "drop_attachment": {"media_attachments"},
    "reorder_attachments": {"media_attachments"},
    "drop_warning": {"spoiler_text"},
    "turn_sensitive": set(),  # it is
    "turn_not_sensitive": {"sensitive"},
    "lose_language": {"language"},
    "drop_poll": set(),  # it has none
    "publish_poll": set(),
    "prolong_poll": set(),
    "drop_reply": {"in_reply_to_id", "in_reply_to_account_id"},
    "lose_focus": {"media_attachments"},
    "lose_descriptions": {"media_attachments"},
}


@pytest.fixture
def post(server, picture, other_picture):
    """A post with all that an edit can harm but a poll."""
    parent = server.post("the first")
    return server.post(
        "Two pictures",
        files=[picture, other_picture],
        spoiler_text="Colours",
        sensitive=True,
        language="de",
        visibility="private",
        in_reply_to_id=parent["id"],
    )


def edit(api, status):
    """An edit that describes the first attachment, over HTTP."""
    ids = [attachment["id"] for attachment in status["media_attachments"]]
    attributes = [{"id": media_id, "focus": "0.5,0.5"} for media_id in ids]
    body = {
        "status": "Two pictures",
        "spoiler_text": "Colours",
        "sensitive": True,
        "language": "de",
        "media_ids": ids,
        "media_attributes": [attributes[0] | {"description": "Blue"}, *attributes[1:]],
    }
    answer = api("PUT", f"/api/v1/statuses/{status['id']}", json=body)
    assert answer.status_code == 200
    return answer.json()


def test_every_damage_is_in_the_table():
    assert set(HARMED) == set(get_args(Damage))


@pytest.mark.parametrize("damage", get_args(Damage))
def test_it_harms_what_its_name_says(api, server, post, damage):
    right = edit(api, post)
    server.fail("/api/v1/statuses/*", method="PUT", damage=damage)
    edit(api, post)
    found = server.status(post["id"])
    changed = {key for key in found if found[key] != right[key]}
    assert changed - {"edited_at"} == HARMED[damage]


@pytest.mark.parametrize("damage", ["drop_poll", "publish_poll", "prolong_poll"])
def test_it_harms_a_poll(api, server, damage):
    poll = {"options": ["Yes", "No"], "expires_in": 3600, "hide_totals": True}
    status = server.sandbox.store.status(server.post("Well?", poll=poll)["id"])
    server.fail("/api/v1/statuses/*", method="PUT", damage=damage)
    same = {"status": "Well?", "poll": poll}
    assert api("PUT", f"/api/v1/statuses/{status.id}", json=same).status_code == 200
    found = server.sandbox.store.status(status.id).poll
    if damage == "drop_poll":
        assert found is None
    elif damage == "publish_poll":
        assert (found.hide_totals, found.options) == (False, status.poll.options)
    else:
        assert found.expires_at - status.poll.expires_at > 3000


def test_the_answer_shows_the_damage(api, server, post):
    server.fail("/api/v1/statuses/*", method="PUT", damage="turn_public")
    assert edit(api, post)["visibility"] == "public"
    assert server.status(post["id"])["visibility"] == "public"
