"""The first rule: an edit changes nothing of a post but descriptions."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from statuses import SOURCE, attachment, snapshot, status

from alternator.errors import MediaError, UnprovenEditError, UnsureError
from alternator.mastodon.dialect import EditRules, named, table
from alternator.mastodon.edit import EditBody, Snapshot, TakenBack
from alternator.mastodon.edit_check import (
    CheckedEdit,
    check_snapshot,
    checked_edit,
    checked_rewriting,
    checked_undo,
)
from alternator.mastodon.edit_differences import differences, source_differences
from alternator.mastodon.entities import Focus, Poll, PollOption, QuoteApproval, Status

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MASTODON = named("Mastodon")
assert MASTODON.edit is not None
MASTODONS: EditRules = MASTODON.edit
OPEN = EditRules(false_beside_warning="text", tells_hidden_totals=True, keeps_poll_end=True)
POLL = Poll(
    options=(PollOption(title="Yes", votes_count=3), PollOption(title="No", votes_count=0)),
    multiple=True,
    expired=False,
    expires_at=NOON + timedelta(hours=2),
)
POST = status(
    attachment(30, focus=Focus(x=-0.42, y=0.69)),
    attachment(10, description="Somebody's own words"),
    attachment(20),
    sensitive=True,
    spoiler_text="Rain",
    poll=POLL,
    quote_approval=QuoteApproval(automatic=frozenset({"public"}), manual=frozenset()),
    in_reply_to_id="5",
    local_only=True,
    quoted_id="6",
)
NEW = {"30": "A boat", "20": "A dog"}
SNAPSHOT = snapshot(POST, spoiler_text="Rain", content_type="text/markdown")


def made(rules: EditRules = OPEN, snapshot: Snapshot = SNAPSHOT) -> CheckedEdit:
    return checked_edit(snapshot, NEW, rules=rules, limit=1500)


def test_what_is_built_is_proven():
    assert made().body["media_ids"] == ["30", "10", "20"]
    for dialect in table().dialects:
        if dialect.edit is not None:
            plain = Snapshot(status=replace(POST, poll=None), source=SNAPSHOT.source)
            assert made(dialect.edit, plain).body["status"] == SNAPSHOT.source.text


def entries(body: EditBody) -> Any:
    return body["media_attributes"]


SPOILED: dict[str, Callable[[Any], object]] = {
    "another text": lambda b: b.update(status="Another text"),
    "no text": lambda b: b.pop("status"),
    "another warning": lambda b: b.update(spoiler_text=""),
    "not sensitive": lambda b: b.update(sensitive=False),
    "a text for a flag": lambda b: b.update(sensitive="false"),
    "no flag": lambda b: b.pop("sensitive"),
    "another language": lambda b: b.update(language="en"),
    "no language": lambda b: b.pop("language"),
    "another kind of text": lambda b: b.update(content_type="text/plain"),
    "other quoting": lambda b: b.update(quote_approval_policy="nobody"),
    "another order": lambda b: b["media_ids"].reverse(),
    "an attachment less": lambda b: b["media_ids"].pop(),
    "an attachment twice": lambda b: b["media_ids"].append("20"),
    "no attachments": lambda b: b.pop("media_ids"),
    "no descriptions": lambda b: b.pop("media_attributes"),
    "an entry less": lambda b: b["media_attributes"].pop(),
    "an entry twice": lambda b: b["media_attributes"].append(dict(b["media_attributes"][0])),
    "a foreign entry": lambda b: b["media_attributes"].append({"id": "99"}),
    "another's words": lambda b: b["media_attributes"][1].update(description="Mine"),
    "another's words lost": lambda b: b["media_attributes"][1].pop("description"),
    "other new words": lambda b: b["media_attributes"][0].update(description="A bird"),
    "blank words": lambda b: b["media_attributes"][0].update(description=" "),
    "another focus": lambda b: b["media_attributes"][0].update(focus="0,0"),
    "a focus more": lambda b: b["media_attributes"][2].update(focus="0,0"),
    "no poll": lambda b: b.pop("poll"),
    "other options": lambda b: b["poll"].update(options=["Yes"]),
    "another choice": lambda b: b["poll"].update(multiple=False),
    "hidden counts": lambda b: b["poll"].update(hide_totals=True),
    "an end": lambda b: b["poll"].update(expires_in=7200),
    "another visibility": lambda b: b.update(visibility="public"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_an_edit_that_would_change_anything_else_can_not_be_made(what: str):
    edit = made()
    body: Any = {
        **edit.body,
        "media_ids": [*edit.body["media_ids"]],
        "media_attributes": [dict(entry) for entry in entries(edit.body)],
        "poll": {**edit.body["poll"]},
    }
    assert replace(edit, body=body) == edit
    SPOILED[what](body)
    with pytest.raises(UnprovenEditError, match="the edit of post 1 was not sent"):
        replace(edit, body=body)


def test_words_that_are_there_are_never_replaced():
    edit = made()
    with pytest.raises(UnprovenEditError, match="the description of attachment 10"):
        body: Any = {**edit.body, "media_attributes": [{"id": "10", "description": "Mine"}]}
        replace(edit, descriptions={"10": "Mine"}, body=body)
    with pytest.raises(UnprovenEditError, match="the description of attachment 30"):
        replace(edit, limit=3)


def test_a_poll_needs_a_server_that_leaves_it_alone():
    with pytest.raises(UnprovenEditError, match="would change poll"):
        replace(made(), rules=MASTODONS)


@pytest.mark.parametrize(
    ("source", "post"),
    [
        ({"text": ""}, {}),
        ({"text": "Something else"}, {}),
        ({"spoiler_text": "Rain"}, {}),
        ({}, {"spoiler_text": "Rain"}),
        ({"spoiler_text": "Snow"}, {"spoiler_text": "Rain"}),
    ],
)
def test_a_source_that_is_not_of_the_post_is_found_out(
    source: dict[str, str], post: dict[str, str]
):
    with pytest.raises(UnsureError, match="would replace it"):
        check_snapshot(snapshot(status(attachment(1), **post), **source))


def test_a_source_that_is_of_the_post_is_taken():
    check_snapshot(snapshot(status(attachment(1))))
    warned = status(attachment(1), spoiler_text="Rain &amp; <b>snow</b>")
    check_snapshot(snapshot(warned, spoiler_text="Rain  & snow"))
    check_snapshot(snapshot(status(attachment(1), content=""), text=""))


def described(**fields: Any) -> Status:
    """The post after its edit, with these fields changed beside."""
    first, second, third = POST.attachments
    attachments = (
        replace(first, description="A boat"),
        second,
        replace(third, description="A dog"),
    )
    edited = NOON + timedelta(minutes=1)
    changes: dict[str, Any] = {"attachments": attachments, "edited_at": edited} | fields
    return replace(POST, **changes)


def one(number: int, **fields: Any) -> dict[str, Any]:
    """The attachments after the edit, with fields of one changed beside."""
    found = list(described().attachments)
    found[number] = replace(found[number], **fields)
    return {"attachments": tuple(found)}


def voted(*counts: int | None, **fields: Any) -> dict[str, Any]:
    options = tuple(
        replace(option, votes_count=count)
        for option, count in zip(POLL.options, counts, strict=True)
    )
    return {"poll": replace(POLL, options=options, **fields)}


CHANGED: list[tuple[dict[str, Any], str]] = [
    ({"content": ""}, "text"),
    ({"content": "<p>The text as typed (edited)</p>"}, "text"),
    ({"spoiler_text": ""}, "content warning"),
    ({"sensitive": False}, "sensitivity"),
    ({"visibility": "unlisted"}, "visibility"),
    ({"language": None}, "language"),
    ({"language": "en"}, "language"),
    ({"account_id": "8"}, "author"),
    ({"created_at": NOON - timedelta(days=1)}, "time of posting"),
    ({"in_reply_to_id": None}, "post that it answers"),
    ({"quoted_id": None}, "post that it quotes"),
    ({"quote_approval": None}, "who may quote it"),
    ({"local_only": False}, "local only"),
    ({"attachments": described().attachments[:2]}, "attachments"),
    ({"attachments": described().attachments[::-1]}, "attachments"),
    (one(0, url=None), "file of attachment 30"),
    (one(0, type="video"), "file of attachment 30"),
    (one(0, focus=None), "focus of attachment 30"),
    (one(1, description=None), "description of attachment 10"),
    (one(1, description="Cut"), "description of attachment 10"),
    ({"poll": None}, "poll"),
    (voted(3, 0, multiple=False), "poll's choice"),
    (voted(3, 0, expires_at=NOON + timedelta(hours=2, seconds=1)), "poll's end"),
    (voted(3, None), "poll's hidden counts"),
    (voted(0, 0), "poll's votes"),
    (
        {"poll": replace(POLL, options=POLL.options[::-1])},
        "poll's options",
    ),
]


@pytest.mark.parametrize(("fields", "name"), CHANGED, ids=str)
def test_what_an_edit_changed_beside_is_named(fields: dict[str, Any], name: str):
    assert name in differences(POST, described(**fields), NEW)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"content": "<p>The text</p>\n<p>as typed</p>"},
        {"edited_at": NOON + timedelta(hours=1)},
        one(0, focus=Focus(x=-0.4200000166, y=0.6899999976)),
        one(1, description=" Somebody's own words\n"),
        one(2, focus=Focus(x=0.0, y=0.0)),
        voted(4, 1),
        voted(2, 0),  # an account that is suspended takes its vote along
        # It was deleted, or is hidden by now.
        {"quotes": True, "quoted_id": None},
        {"language": "DE"},
        {"spoiler_text": "<b>" + POST.spoiler_text + "</b>"},
        voted(None, None, expired=True),
    ],
    ids=str,
)
def test_what_a_server_does_by_itself_is_no_damage(fields: dict[str, Any]):
    assert differences(POST, described(**fields), NEW) == ()


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<p>@lee@b.example hello</p>", "<p>{} hello</p>"),
        # A host at a line's end is no part of the next line.
        ("<p>hello @lee@b.example<br>Rain</p>", "<p>hello {}<br>Rain</p>"),
        ("<p>@lee@b.example</p><p>Rain</p>", "<p>{}</p><p>Rain</p>"),
        # The server takes the name as its owner writes it.
        ("<p>@Lee@B.example: hello</p>", "<p>{}: hello</p>"),
    ],
)
def test_a_mention_that_has_become_a_link_is_no_damage(typed: str, shown: str):
    before = status(attachment(1), content=typed)
    html = shown.format('<a href="https://b.example/@lee">@<span>lee</span></a>')
    assert differences(before, replace(before, content=html), {}) == ()


def test_a_mention_that_is_lost_is_damage():
    before = status(attachment(1), content="<p>@lee@b.example hello</p>")
    assert differences(before, replace(before, content="<p>hello</p>"), {}) == ("text",)


def test_a_mention_whose_host_has_another_name_is_no_damage():
    before = replace(SOURCE, text="hello @Lee@b.example, rain")
    after = replace(SOURCE, text="hello @lee@social.b.example, rain")
    assert source_differences(before, after) == ()
    assert source_differences(before, replace(SOURCE, text="hello , rain")) != ()


def test_a_post_without_a_language_is_given_one():
    before = status(attachment(1), language=None)
    assert differences(before, replace(before, language="de"), {}) == ()


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"text": ""}, "source's text"),
        ({"spoiler_text": "Rain"}, "source's content warning"),
        ({"content_type": "text/plain"}, "source's kind of text"),
    ],
)
def test_what_became_of_the_source_is_named(fields: dict[str, str], name: str):
    before = replace(SOURCE, content_type="text/markdown")
    assert source_differences(before, replace(before, **fields)) == (name,)
    assert source_differences(before, replace(before, text="The text  as typed\n")) == ()


OURS = status(
    attachment(30, description="A boat", focus=Focus(x=-0.42, y=0.69)),
    attachment(10, description="Somebody's own words"),
    attachment(20, description=" A  dog\n"),
)
TAKEN = {
    "30": TakenBack(text="A boat", before=None),
    "20": TakenBack(text="A dog", before=" "),
}


def test_an_undo_puts_back_what_was_there():
    edit = checked_undo(snapshot(OURS), TAKEN, rules=OPEN, limit=3)
    # Somebody else's is over the limit of the server, so it is not named, and so kept.
    assert entries(edit.body) == [
        {"id": "30", "description": None, "focus": "-0.42,0.69"},
        {"id": "20", "description": " "},
    ]
    edit = checked_undo(snapshot(OURS), TAKEN, rules=OPEN, limit=1500)
    assert entries(edit.body) == [
        {"id": "30", "description": None, "focus": "-0.42,0.69"},
        {"id": "10", "description": "Somebody's own words"},
        {"id": "20", "description": " "},
    ]
    assert edit.descriptions == {"30": "", "20": ""}


@pytest.mark.parametrize(
    ("key", "gone"),
    [
        ("30", TakenBack(text="A ship", before=None)),
        ("10", TakenBack(text="A boat", before=None)),
        ("30", TakenBack(text="A boat", before="A ship")),
        ("99", TakenBack(text="A boat", before=None)),
    ],
)
def test_an_undo_takes_nothing_away_but_our_words_and_writes_none(key: str, gone: TakenBack):
    with pytest.raises(UnprovenEditError):
        checked_undo(snapshot(OURS), {key: gone}, rules=OPEN, limit=1500)


def test_an_undo_that_would_write_something_else_can_not_be_made():
    edit = checked_undo(snapshot(OURS), TAKEN, rules=OPEN, limit=1500)
    for spoil in (
        lambda found: found[0].update(description=""),
        lambda found: found[0].pop("description"),
        lambda found: found[1].update(description=None),
        lambda found: found[2].update(description=None),
        lambda found: found[0].pop("focus"),
        lambda found: found.pop(),
    ):
        body: Any = {**edit.body, "media_attributes": [dict(one) for one in entries(edit.body)]}
        assert replace(edit, body=body) == edit
        spoil(body["media_attributes"])
        with pytest.raises(UnprovenEditError):
            replace(edit, body=body)


def test_other_words_take_the_place_of_ours():
    edit = checked_rewriting(
        snapshot(OURS), {"30": "A ship"}, {"30": "A boat"}, rules=OPEN, limit=1500
    )
    assert entries(edit.body)[0] == {"id": "30", "description": "A ship", "focus": "-0.42,0.69"}
    assert entries(edit.body)[1] == {"id": "10", "description": "Somebody's own words"}


@pytest.mark.parametrize(
    ("key", "new", "old"),
    [
        ("30", "A ship", "A bridge"),  # not what is there
        ("10", "A ship", "A boat"),  # somebody else's
        ("10", "A ship", None),
        ("30", "  ", "A boat"),
        ("30", "x" * 1501, "A boat"),
    ],
)
def test_other_words_take_the_place_of_nobody_elses(key: str, new: str, old: str | None):
    replaced = {} if old is None else {key: old}
    with pytest.raises((UnprovenEditError, MediaError)):
        checked_rewriting(snapshot(OURS), {key: new}, replaced, rules=OPEN, limit=1500)
