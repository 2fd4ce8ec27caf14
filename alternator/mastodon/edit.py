"""Builds the edit of a status that changes nothing but descriptions.

An edit replaces everything: left-out attachments, content warning, sensitivity and poll are lost.
So all of it is sent again, the text from the status's source, never from its HTML. What servers do
with each field: https://docs.joinmastodon.org/methods/statuses/#edit and
https://github.com/mastodon/mastodon/blob/main/app/services/update_status_service.rb
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypedDict

from alternator.errors import MediaError, UnsureError
from alternator.mastodon.dialect import EditRules
from alternator.mastodon.entities import Attachment, Poll, QuoteApproval, Source, Status


class AttachmentFields(TypedDict, total=False):
    """One of an edit's ``media_attributes``; only ``id`` is always there.

    https://github.com/mastodon/mastodon/pull/20878
    """

    id: str
    description: str | None
    focus: str


class PollFields(TypedDict, total=False):
    """An edit's poll, without its end: no whole number of seconds from now would keep that."""

    options: list[str]
    multiple: bool
    hide_totals: bool


class EditBody(TypedDict, total=False):
    """The body of ``PUT /api/v1/statuses/:id``, sent as JSON."""

    status: str
    spoiler_text: str
    sensitive: bool | str
    language: str
    content_type: str
    quote_approval_policy: str
    media_ids: list[str]
    media_attributes: list[AttachmentFields]
    poll: PollFields


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """A status and its source, of one and the same version."""

    status: Status
    source: Source


@dataclass(frozen=True, kw_only=True)
class TakenBack:
    """A description of ours that is to go, and what was there ``before``: None, or only blanks."""

    text: str
    before: str | None


NOTHING_TAKEN_BACK: Mapping[str, TakenBack] = {}


def build_edit(
    snapshot: Snapshot,
    descriptions: Mapping[str, str],
    *,
    rules: EditRules,
    limit: int,
    taken_back: Mapping[str, TakenBack] = NOTHING_TAKEN_BACK,
) -> EditBody:
    """The request body, for a server with these rules.

    ``descriptions`` are the new ones by attachment id, ``limit`` the server's, in characters;
    ``taken_back`` are those of ours that are to go, by attachment id as well.

    Raises:
        UnsureError: a status that no edit can leave as it is.
        MediaError: a description over the limit.
    """
    status, source = snapshot.status, snapshot.source
    if source.spoiler_text and not source.text.strip() and rules.blank_takes_warning:
        raise UnsureError(
            "the post has a content warning and no text, and this server would make its text of "
            "the warning; describe its attachments by hand"
        )
    body: EditBody = {
        "status": source.text,
        "spoiler_text": source.spoiler_text,
        "sensitive": sensitive(snapshot, rules),
        "media_ids": [attachment.id for attachment in status.attachments],
        "media_attributes": [
            as_before(attachment, taken_back[attachment.id])
            if attachment.id in taken_back
            else attributes(attachment, descriptions.get(attachment.id), limit)
            for attachment in status.attachments
            if attachment.id in descriptions
            or attachment.id in taken_back
            or not longer(attachment.description, limit)
        ],
    }
    if status.language:
        body["language"] = status.language
    # How the source is to be read, for example as Markdown, on servers that tell it.
    if source.content_type:
        body["content_type"] = source.content_type
    if status.quote_approval and (policy := quote_policy(status.quote_approval)):
        body["quote_approval_policy"] = policy
    if status.poll:
        body["poll"] = poll_fields(status.poll, rules)
    return body


def sensitive(snapshot: Snapshot, rules: EditRules) -> bool | str:
    """The sensitivity to send: a JSON boolean, but for one case.

    Mastodon turns a status with a content warning sensitive when it reads JSON's ``false``; one
    that is not (posted by a client that sends forms) stays so only with the text. MediaError for
    one on a server of which nobody knows.
    """
    value = snapshot.status.sensitive
    if value or not snapshot.source.spoiler_text or rules.false_beside_warning == "boolean":
        return value
    if rules.false_beside_warning == "unknown":
        raise MediaError(
            "the post has a content warning and is not sensitive, and nobody knows whether an "
            "edit on this server leaves it so; describe its attachments by hand"
        )
    return "false"


def attributes(attachment: Attachment, new: str | None, limit: int) -> AttachmentFields:
    """One attachment with its new description, or with the one it has, and its focal point."""
    entry: AttachmentFields = {"id": attachment.id}
    if longer(new, limit):
        # GoToSocial takes it and then refuses every later edit of the post.
        raise MediaError(f"its description is longer than the {limit} characters of this server")
    if description := attachment.description if new is None else new:
        entry["description"] = description
    if attachment.focus is not None:
        entry["focus"] = f"{attachment.focus.x},{attachment.focus.y}"
    return entry


def as_before(attachment: Attachment, taken_back: TakenBack) -> AttachmentFields:
    """One attachment with what it had before its description of ours.

    Null for none, which Mastodon and its forks keep as that (Rails permits it as any scalar:
    https://api.rubyonrails.org/classes/ActionController/Parameters.html#method-i-permit) and
    GoToSocial, as Go reads it, takes for an empty text, which it shows as null.
    """
    entry = attributes(attachment, None, 0)
    entry["description"] = taken_back.before
    return entry


def longer(description: str | None, limit: int) -> bool:
    """Whether a description is over the limit; somebody else's may be, by another client.

    That is not sent again: Mastodon would refuse the edit for it, and an attachment that an edit
    does not name keeps what it has.
    https://github.com/mastodon/mastodon/blob/main/app/models/media_attachment.rb (validates)
    """
    return description is not None and len(description) > limit


def quote_policy(approval: QuoteApproval) -> str | None:
    """Who may quote the status, as Mastodon 4.5 takes it.

    Left out, the account's default policy would take its place.
    https://docs.joinmastodon.org/entities/QuoteApproval/
    """
    if "public" in approval.automatic:
        return "public"
    if "followers" in approval.automatic:
        return "followers"
    return None if approval.automatic or approval.manual else "nobody"


def poll_fields(poll: Poll, rules: EditRules) -> PollFields:
    """The poll as it was asked. Equal options and ``multiple`` keep its votes.

    UnsureError for one that has ended: sent again it would reopen, left out it would be deleted;
    where an edit moves its end; and where it can't be seen whether its counts are hidden: sent
    again they might become public.
    """
    if poll.expired:
        raise UnsureError(
            "the post has a poll that has ended, which an edit would reopen or delete; "
            "describe its attachments by hand"
        )
    if poll.expires_at is not None and not rules.keeps_poll_end:
        raise UnsureError(
            "the post has a poll, whose end this server moves with each edit; describe its "
            "attachments by hand"
        )
    if not rules.tells_hidden_totals:
        raise UnsureError(
            "the post has a poll, and this server does not tell whether its counts are hidden, so "
            "an edit might publish them; describe its attachments by hand"
        )
    return {
        "options": [option.title for option in poll.options],
        "multiple": poll.multiple,
        "hide_totals": poll.hides_totals,
    }
