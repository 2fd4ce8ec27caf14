from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alternator.errors import MediaError
from alternator.mastodon.edit import build_edit

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def attachment(number: int, **fields: Any) -> dict[str, Any]:
    return {"id": str(number), "type": "image", "description": None, "meta": {}} | fields


def status(*attachments: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "content": "<p>Not the text</p>",
        "sensitive": False,
        "language": "de",
        "media_attachments": list(attachments),
        "poll": None,
    } | fields


def edit(
    post: dict[str, Any],
    descriptions: dict[str, str],
    *,
    limit: int = 1500,
    **source: Any,
) -> dict[str, Any]:
    source = {"text": "The text\nas typed", "spoiler_text": ""} | source
    return build_edit(post, source, descriptions, limit=limit, now=NOW)


def test_everything_of_the_post_is_sent_again():
    post = status(
        attachment(30, meta={"focus": {"x": -0.42, "y": 0.69}}),
        attachment(10, description="Somebody's own words"),
        attachment(20),
        sensitive=True,
    )
    assert edit(post, {"30": "New"}, spoiler_text="Rain") == {
        "status": "The text\nas typed",
        "spoiler_text": "Rain",
        "sensitive": True,
        "language": "de",
        "media_ids": ["30", "10", "20"],
        "media_attributes": [
            {"id": "30", "description": "New", "focus": "-0.42,0.69"},
            {"id": "10", "description": "Somebody's own words"},
            {"id": "20"},
        ],
    }


def test_a_post_without_language_or_text_stays_so():
    body = edit(status(attachment(1), language=None), {"1": "New"}, text="")
    assert "language" not in body
    assert body["status"] == ""


def test_sensitivity_is_a_boolean():
    assert edit(status(attachment(1)), {"1": "New"})["sensitive"] is False
    sensitive = status(attachment(1), sensitive=True)
    assert edit(sensitive, {"1": "New"}, spoiler_text="Rain")["sensitive"] is True


def test_a_content_warning_does_not_make_a_post_sensitive():
    # Mastodon takes JSON's false beside a warning for true.
    assert edit(status(attachment(1)), {"1": "New"}, spoiler_text="Rain")["sensitive"] == "false"


def test_a_description_is_cut_to_the_limit_of_the_server():
    body = edit(status(attachment(1)), {"1": "word " * 50}, limit=50)
    description = body["media_attributes"][0]["description"]
    assert len(description) <= 50
    assert description.endswith("word…")


def test_a_description_that_is_there_is_not_cut():
    post = status(attachment(1, description="x" * 2000), attachment(2))
    body = edit(post, {"2": "New"}, limit=1500)
    assert body["media_attributes"][0]["description"] == "x" * 2000


@pytest.mark.parametrize(
    ("approval", "policy"),
    [
        ({"automatic": ["public"], "manual": []}, "public"),
        ({"automatic": ["followers"], "manual": []}, "followers"),
        ({"automatic": [], "manual": [], "current_user": "automatic"}, "nobody"),
        ({"automatic": ["unsupported_policy"], "manual": []}, None),
        (None, None),
    ],
)
def test_who_may_quote_stays_as_it_was(approval: dict[str, Any] | None, policy: str | None):
    post = status(attachment(1), quote_approval=approval)
    assert edit(post, {"1": "New"}).get("quote_approval_policy") == policy


def test_the_kind_of_text_stays_as_it_was():
    body = edit(status(attachment(1)), {"1": "New"}, content_type="text/markdown")
    assert body["content_type"] == "text/markdown"


def test_an_open_poll_is_sent_as_it_was_asked():
    poll = {
        "expires_at": (NOW + timedelta(hours=2)).isoformat(),
        "expired": False,
        "multiple": True,
        "options": [{"title": "Yes", "votes_count": 3}, {"title": "No", "votes_count": 0}],
    }
    assert edit(status(attachment(1), poll=poll), {"1": "New"})["poll"] == {
        "options": ["Yes", "No"],
        "multiple": True,
        "hide_totals": False,
        "expires_in": 7200,
    }
    hidden = poll | {"options": [{"title": "Yes", "votes_count": None}]}
    body = edit(status(attachment(1), poll=hidden), {"1": "New"})
    assert body["poll"]["hide_totals"] is True


@pytest.mark.parametrize("expired", [True, False])
def test_a_poll_that_has_ended_forbids_an_edit(expired: bool):
    poll = {"expires_at": NOW - timedelta(hours=1), "expired": expired, "options": []}
    with pytest.raises(MediaError, match="poll that has ended"):
        edit(status(attachment(1), poll=poll), {"1": "New"})
