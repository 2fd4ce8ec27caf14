from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from statuses import attachment, snapshot, status

from alternator.errors import MediaError, UnsureError
from alternator.mastodon.dialect import EditRules, named
from alternator.mastodon.edit import EditBody, build_edit
from alternator.mastodon.entities import Focus, Poll, PollOption, QuoteApproval, Status

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


def edit(
    post: Status,
    descriptions: dict[str, str],
    *,
    limit: int = 1500,
    rules: EditRules = MASTODONS,
    **source: Any,
) -> EditBody:
    return build_edit(snapshot(post, **source), descriptions, rules=rules, limit=limit)


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


def test_a_description_of_somebody_that_is_too_long_is_neither_cut_nor_sent():
    # Mastodon would refuse the edit for it; what an edit does not name keeps what it has.
    post = status(attachment(1, description="x" * 2000, focus=Focus(x=0, y=0)), attachment(2))
    body = edit(post, {"2": "New"}, limit=1500)
    assert body["media_attributes"] == [{"id": "2", "description": "New"}]
    assert body["media_ids"] == ["1", "2"]


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_warning_without_a_text_would_become_the_text(text: str):
    post = status(attachment(1), content="", spoiler_text="Rain")
    with pytest.raises(UnsureError, match="make its text of the warning"):
        edit(post, {"1": "New"}, spoiler_text="Rain", text=text)
    body = edit(post, {"1": "New"}, rules=GOTOSOCIALS, spoiler_text="Rain", text=text)
    assert (body["status"], body["spoiler_text"]) == (text, "Rain")


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


OPEN = EditRules(false_beside_warning="text", tells_hidden_totals=True, keeps_poll_end=True)


def test_a_poll_that_an_edit_leaves_alone_is_sent_as_it_was_asked():
    assert edit(status(attachment(1), poll=POLL), {"1": "New"}, rules=OPEN)["poll"] == {
        "options": ["Yes", "No"],
        "multiple": True,
        "hide_totals": False,
    }
    hidden = replace(POLL, options=(PollOption(title="Yes", votes_count=None),))
    body = edit(status(attachment(1), poll=hidden), {"1": "New"}, rules=OPEN)
    assert body["poll"]["hide_totals"] is True
    endless = replace(POLL, expires_at=None)
    assert "poll" in edit(status(attachment(1), poll=endless), {"1": "New"})


def test_a_poll_whose_end_would_be_moved_forbids_an_edit():
    with pytest.raises(UnsureError, match="whose end this server moves with each edit"):
        edit(status(attachment(1), poll=POLL), {"1": "New"})


def test_a_poll_that_has_ended_forbids_an_edit():
    poll = replace(POLL, expired=True)
    with pytest.raises(UnsureError, match="poll that has ended"):
        edit(status(attachment(1), poll=poll), {"1": "New"}, rules=OPEN)


def test_a_poll_whose_counts_may_be_hidden_forbids_an_edit():
    with pytest.raises(UnsureError, match="does not tell whether its counts are hidden"):
        edit(status(attachment(1), poll=POLL), {"1": "New"}, rules=GOTOSOCIALS)


def test_where_nobody_knows_what_becomes_of_it_a_poll_forbids_an_edit():
    for poll in (POLL, replace(POLL, expires_at=None)):
        with pytest.raises(UnsureError, match="poll"):
            edit(status(attachment(1), poll=poll), {"1": "New"}, rules=UNKNOWN)
