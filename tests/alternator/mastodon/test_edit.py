from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alternator.errors import MediaError
from alternator.mastodon.dialect import EditRules, named
from alternator.mastodon.edit import EditBody, Snapshot, build_edit
from alternator.mastodon.entities import (
    Attachment,
    Focus,
    Poll,
    PollOption,
    QuoteApproval,
    Source,
    Status,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def rules_of(software: str) -> EditRules:
    rules = named(software).edit
    assert rules is not None
    return rules


MASTODONS, GOTOSOCIALS = rules_of("Mastodon"), rules_of("GoToSocial")
UNKNOWN = rules_of("another server")
POLL = Poll(
    options=(PollOption(title="Yes", votes_count=3), PollOption(title="No", votes_count=0)),
    multiple=True,
    expired=False,
    expires_at=NOW + timedelta(hours=2),
)


def attachment(number: int, **fields: Any) -> Attachment:
    return replace(Attachment(id=str(number), type="image", url="https://x.example/1"), **fields)


def status(*attachments: Attachment, **fields: Any) -> Status:
    plain = Status(
        id="1",
        account_id="7",
        content="<p>Not the text</p>",
        edited_at=None,
        sensitive=False,
        language="de",
        attachments=attachments,
        poll=None,
        quote_approval=None,
        is_boost=False,
    )
    return replace(plain, **fields)


def edit(
    post: Status,
    descriptions: dict[str, str],
    *,
    limit: int = 1500,
    rules: EditRules = MASTODONS,
    **source: Any,
) -> EditBody:
    plain = Source(id="1", text="The text\nas typed", spoiler_text="", content_type=None)
    snapshot = Snapshot(status=post, source=replace(plain, **source))
    return build_edit(snapshot, descriptions, rules=rules, limit=limit, now=NOW)


def test_everything_of_the_post_is_sent_again():
    post = status(
        attachment(30, focus=Focus(x=-0.42, y=0.69)),
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


@pytest.mark.parametrize(("rules", "sent"), [(MASTODONS, "false"), (GOTOSOCIALS, False)])
def test_a_content_warning_does_not_make_a_post_sensitive(rules: EditRules, sent: bool | str):
    # Mastodon takes JSON's false beside a warning for true; GoToSocial refuses the text.
    post = status(attachment(1))
    assert edit(post, {"1": "New"}, rules=rules, spoiler_text="Rain")["sensitive"] is sent


def test_where_nobody_knows_what_becomes_of_it_a_warning_without_sensitivity_forbids_an_edit():
    with pytest.raises(MediaError, match="has a content warning and is not sensitive"):
        edit(status(attachment(1)), {"1": "New"}, rules=UNKNOWN, spoiler_text="Rain")
    post = status(attachment(1), sensitive=True)
    assert edit(post, {"1": "New"}, rules=UNKNOWN, spoiler_text="Rain")["sensitive"] is True
    assert edit(status(attachment(1)), {"1": "New"}, rules=UNKNOWN)["sensitive"] is False


def test_a_description_over_the_limit_of_the_server_is_never_sent():
    post = status(attachment(1))
    assert edit(post, {"1": "x" * 50}, limit=50)["media_attributes"][0]["description"] == "x" * 50
    with pytest.raises(MediaError, match="longer than the 50 characters"):
        edit(post, {"1": "x" * 51}, limit=50)


def test_a_description_that_is_there_is_not_cut():
    post = status(attachment(1, description="x" * 2000), attachment(2))
    body = edit(post, {"2": "New"}, limit=1500)
    assert body["media_attributes"][0]["description"] == "x" * 2000


@pytest.mark.parametrize(
    ("automatic", "manual", "policy"),
    [
        ({"public"}, set(), "public"),
        ({"followers"}, set(), "followers"),
        (set(), set(), "nobody"),
        ({"unsupported_policy"}, set(), None),
        (set(), {"followers"}, None),
    ],
)
def test_who_may_quote_stays_as_it_was(automatic: set[str], manual: set[str], policy: str | None):
    approval = QuoteApproval(automatic=frozenset(automatic), manual=frozenset(manual))
    post = status(attachment(1), quote_approval=approval)
    assert edit(post, {"1": "New"}).get("quote_approval_policy") == policy


def test_a_server_that_knows_no_quotes_is_told_of_none():
    assert "quote_approval_policy" not in edit(status(attachment(1)), {"1": "New"})


def test_the_kind_of_text_stays_as_it_was():
    body = edit(status(attachment(1)), {"1": "New"}, content_type="text/markdown")
    assert body["content_type"] == "text/markdown"


def test_an_open_poll_is_sent_as_it_was_asked():
    assert edit(status(attachment(1), poll=POLL), {"1": "New"})["poll"] == {
        "options": ["Yes", "No"],
        "multiple": True,
        "hide_totals": False,
        "expires_in": 7200,
    }
    hidden = replace(POLL, options=(PollOption(title="Yes", votes_count=None),))
    body = edit(status(attachment(1), poll=hidden), {"1": "New"})
    assert body["poll"]["hide_totals"] is True
    endless = replace(POLL, expires_at=None)
    assert "expires_in" not in edit(status(attachment(1), poll=endless), {"1": "New"})["poll"]


@pytest.mark.parametrize("expired", [True, False])
def test_a_poll_that_has_ended_forbids_an_edit(expired: bool):
    poll = replace(POLL, expires_at=NOW - timedelta(hours=1), expired=expired)
    with pytest.raises(MediaError, match="poll that has ended"):
        edit(status(attachment(1), poll=poll), {"1": "New"})


@pytest.mark.parametrize("rules", [GOTOSOCIALS, UNKNOWN])
def test_a_poll_whose_counts_may_be_hidden_forbids_an_edit(rules: EditRules):
    with pytest.raises(MediaError, match="does not tell whether its counts are hidden"):
        edit(status(attachment(1), poll=POLL), {"1": "New"}, rules=rules)
