"""Statuses as a server tells them, made by hand where no server is needed."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from alternator.mastodon.edit import Snapshot
from alternator.mastodon.entities import Attachment, Source, Status

PLAIN = Status(
    id="1",
    account_id="7",
    created_at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
    edited_at=None,
    visibility="public",
    content="<p>The text<br>as typed</p>",
    spoiler_text="",
    sensitive=False,
    language="de",
    attachments=(),
    poll=None,
    quote_approval=None,
    is_boost=False,
)
SOURCE = Source(id="1", text="The text\nas typed", spoiler_text="", content_type=None)


def attachment(number: int, **fields: Any) -> Attachment:
    """A picture, with these fields in place of the plain ones."""
    return replace(Attachment(id=str(number), type="image", url="https://x.example/1"), **fields)


def status(*attachments: Attachment, **fields: Any) -> Status:
    """A post with these attachments, and with these fields in place of the plain ones."""
    return replace(PLAIN, attachments=attachments, **fields)


def snapshot(post: Status, **source: Any) -> Snapshot:
    """A post with its source."""
    return Snapshot(status=post, source=replace(SOURCE, **source))
