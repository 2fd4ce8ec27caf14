from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from alternator.errors import TemporaryServerError, UnexpectedAnswerError
from alternator.mastodon.entities import (
    Account,
    Attachment,
    Focus,
    Page,
    Poll,
    PollOption,
    QuoteApproval,
    Source,
    Status,
)
from alternator.mastodon.parse import (
    parse_account,
    parse_attachment,
    parse_history,
    parse_instance,
    parse_page,
    parse_poll,
    parse_source,
    parse_status,
)
from sandbox.server import SandboxServer

STATUS = {
    "id": "1",
    "account": {"id": "7", "acct": "demo"},
    "created_at": "2026-11-22T11:00:00.000Z",
    "visibility": "unlisted",
    "content": "<p>Look</p>",
    "spoiler_text": "Weather",
    "in_reply_to_id": "0",
    "local_only": False,
    "quote": {"state": "accepted", "quoted_status": {"id": 9}},
    "edited_at": "2026-11-22T12:00:00.000Z",
    "sensitive": True,
    "language": "pt-BR",
    "media_attachments": [
        {
            "id": "30",
            "type": "video",
            "url": "https://social.example/30.mp4",
            "description": "A boat",
            "meta": {"focus": {"x": -0.5, "y": 1}, "original": {"duration": 12.5}},
        }
    ],
    "poll": {
        "id": "3",
        "expires_at": "2026-11-23T12:00:00Z",
        "expired": False,
        "multiple": True,
        "options": [{"title": "Yes", "votes_count": 2}, {"title": "No", "votes_count": None}],
    },
    "quote_approval": {"automatic": ["public"], "manual": [], "current_user": "automatic"},
    "reblog": None,
    "something": {"new": "that is not known here"},
}
PARSED = Status(
    id="1",
    account_id="7",
    created_at=datetime(2026, 11, 22, 11, tzinfo=UTC),
    visibility="unlisted",
    content="<p>Look</p>",
    spoiler_text="Weather",
    in_reply_to_id="0",
    local_only=False,
    quotes=True,
    quoted_id="9",
    edited_at=datetime(2026, 11, 22, 12, tzinfo=UTC),
    sensitive=True,
    language="pt-BR",
    attachments=(
        Attachment(
            id="30",
            type="video",
            url="https://social.example/30.mp4",
            description="A boat",
            focus=Focus(x=-0.5, y=1),
            duration=12.5,
        ),
    ),
    poll=Poll(
        options=(PollOption(title="Yes", votes_count=2), PollOption(title="No", votes_count=None)),
        multiple=True,
        expired=False,
        expires_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    ),
    quote_approval=QuoteApproval(automatic=frozenset({"public"}), manual=frozenset()),
    is_boost=False,
    acct="demo",
)
NO_STATUS: list[Any] = [
    None,
    [],
    {},
    "text",
    5,
    {"error": "Record not found"},
    {"id": "1"},
    STATUS | {"id": None},
    STATUS | {"id": ""},
    STATUS | {"id": True},
    STATUS | {"account": {}},
    STATUS | {"media_attachments": None},
    STATUS | {"media_attachments": {}},
    STATUS | {"media_attachments": ["30"]},
    STATUS | {"media_attachments": [{"type": "image"}]},
    {key: value for key, value in STATUS.items() if key != "content"},
    {key: value for key, value in STATUS.items() if key != "spoiler_text"},
    {key: value for key, value in STATUS.items() if key != "visibility"},
    STATUS | {"content": ["Look"]},
    STATUS | {"in_reply_to_id": {}},
    STATUS | {"sensitive": "perhaps"},
    STATUS | {"edited_at": "yesterday"},
    STATUS | {"language": 5},
    STATUS | {"poll": {"expires_at": "soon", "options": []}},
    STATUS | {"poll": {"expires_at": None}},
]


def test_a_status_is_read_whole():
    assert parse_status(STATUS) == PARSED


def test_times_that_are_read_already_and_numbers_as_ids_are_the_same():
    read = STATUS | {"id": 1, "edited_at": datetime(2026, 11, 22, 12)}  # noqa: DTZ001 - as such a reader gives it
    assert parse_status(read) == PARSED


def test_a_status_of_the_sandbox_is_one(server: SandboxServer, tmp_path: Path):
    picture = tmp_path / "picture.png"
    Image.new("RGB", (8, 8)).save(picture)
    status = server.post("Look", files=[picture], language="de")
    parsed = parse_status(status)
    assert (parsed.id, parsed.language, parsed.poll) == (status["id"], "de", None)
    assert [attachment.type for attachment in parsed.attachments] == ["image"]
    boost = parse_status(server.boost(server.post("By a neighbour", token="neighbour")["id"]))
    assert boost.is_boost


@pytest.mark.parametrize("answer", NO_STATUS, ids=str)
def test_what_is_no_status_is_never_one_without_media(answer: Any):
    with pytest.raises(UnexpectedAnswerError) as caught:
        parse_status(answer)
    assert isinstance(caught.value, TemporaryServerError)
    assert str(caught.value).startswith("the server's answer is ")


@pytest.mark.parametrize("answer", [None, {}, {"error": "busy"}, "text", [5], [{}], [STATUS, {}]])
def test_what_is_no_page_is_never_an_empty_one(answer: Any):
    with pytest.raises(UnexpectedAnswerError):
        parse_page(answer)


def test_a_page_is_read_in_order():
    assert parse_page([]) == Page(statuses=())
    page = parse_page([STATUS, STATUS | {"id": "0"}])
    assert [status.id for status in page.statuses] == ["1", "0"]
    assert (page.unread, page.oldest) == ((), "0")


def test_one_status_that_is_not_understood_does_not_hold_up_its_page():
    page = parse_page([STATUS | {"id": "3", "content": 5}, STATUS, {"id": "0"}])
    assert [status.id for status in page.statuses] == ["1"]
    assert (page.unread, page.oldest) == (("3", "0"), "0")


def test_what_a_server_leaves_out_is_none():
    attachment = parse_attachment({"id": "1", "type": "drawing", "url": None, "meta": []})
    assert attachment == Attachment(id="1", type="unknown", url=None)
    assert attachment.lacks_description
    texts = {"content": None, "spoiler_text": "", "visibility": "public"}
    bare: dict[str, Any] = {"id": "1", "account": {"id": "7"}, "media_attachments": [], **texts}
    assert parse_status(bare) == Status(
        id="1",
        account_id="7",
        created_at=None,
        visibility="public",
        content="",
        spoiler_text="",
        edited_at=None,
        sensitive=False,
        language=None,
        attachments=(),
        poll=None,
        quote_approval=None,
        is_boost=False,
    )


@pytest.mark.parametrize(
    "meta",
    [None, {}, {"original": None}, {"original": {"duration": "12"}}, {"original": {"duration": 0}}],
)
def test_a_duration_that_is_none_is_left_out(meta: Any):
    assert parse_attachment({"id": "1", "type": "gifv", "meta": meta}).duration is None


@pytest.mark.parametrize("approval", [None, {}, [], {"current_user": "denied"}])
def test_a_policy_that_is_not_told_is_none(approval: Any):
    assert parse_status(STATUS | {"quote_approval": approval}).quote_approval is None


def test_a_poll_without_an_end_is_read():
    poll = parse_poll({"expires_at": None, "options": [{"title": "Yes"}]})
    assert poll == Poll(
        options=(PollOption(title="Yes", votes_count=None),),
        multiple=False,
        expired=False,
        expires_at=None,
    )


def test_a_source_says_how_it_is_to_be_read():
    source = {"id": "1", "text": "*Look*", "spoiler_text": "", "content_type": "text/markdown"}
    assert parse_source(source) == Source(
        id="1", text="*Look*", spoiler_text="", content_type="text/markdown"
    )
    del source["content_type"]
    assert parse_source(source).content_type is None


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"id": "1"}, {"text": "Look"}, {"id": "1", "text": None}]
)
def test_what_is_no_source_is_never_an_empty_one(answer: Any):
    with pytest.raises(UnexpectedAnswerError):
        parse_source(answer)


def test_an_account_has_its_server_in_its_name():
    account = parse_account({"id": 7, "acct": "demo"}, "social.example")
    assert account == Account(id="7", name="demo@social.example")
    with pytest.raises(UnexpectedAnswerError):
        parse_account({"error": "This method requires an authenticated user"}, "social.example")


def test_a_server_that_says_only_its_version_is_treated_carefully():
    instance = parse_instance({"version": "unknown"})
    assert (instance.version, instance.description_limit) == ("unknown", 500)
    assert instance.dialect.careful
    assert instance.streaming_url is None


@pytest.mark.parametrize("answer", [[], {}, {"version": ""}, {"version": None}, {"error": "busy"}])
def test_what_names_no_version_is_no_server(answer: Any):
    # Taken for Mastodon, another server would be sent what harms its posts.
    with pytest.raises(UnexpectedAnswerError):
        parse_instance(answer)


def test_a_history_is_read_as_servers_write_it():
    """A poll that is null is none; a version without its text is no version."""
    entry: dict[str, Any] = {
        "content": "<p>Look</p>",
        "spoiler_text": "",
        "sensitive": False,
        "created_at": "2026-11-22T11:00:00.000Z",
        "media_attachments": [{"id": "30", "type": "image", "description": "A boat"}],
        "poll": None,
    }
    (revision,) = parse_history([entry])
    assert revision.created_at == datetime(2026, 11, 22, 11, tzinfo=UTC)
    assert [found.description for found in revision.attachments] == ["A boat"]
    assert revision.poll_options == ()
    with_poll = entry | {"poll": {"options": [{"title": "Yes"}, {"title": "No"}]}}
    assert parse_history([with_poll])[0].poll_options == ("Yes", "No")
    wrong_ones: list[object] = [{}, None, [None], [entry | {"content": 5}], [{"sensitive": False}]]
    for wrong in wrong_ones:
        with pytest.raises(UnexpectedAnswerError):
            parse_history(wrong)
