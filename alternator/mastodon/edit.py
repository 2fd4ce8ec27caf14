"""Builds the edit of a status that changes nothing but descriptions.

An edit replaces everything (facts of Mastodon's ``PUT /api/v1/statuses/:id``): left-out
attachments, content warning, sensitivity and poll are lost. So all of it is sent again, the text
from the status's source, never from its HTML.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from alternator.alt_text.shorten import cut_at_word
from alternator.errors import MediaError
from alternator.mastodon.client import Status


def build_edit(
    status: Status,
    source: Mapping[str, Any],
    descriptions: Mapping[str, str],
    *,
    limit: int,
    now: datetime,
) -> dict[str, Any]:
    """The request body, to be sent as JSON.

    ``descriptions`` are the new ones by attachment id, ``limit`` the server's, in characters. The
    status must be as fresh as its source. MediaError for a status that no edit can leave as it is.
    """
    attachments = status.get("media_attachments") or []
    body: dict[str, Any] = {
        "status": source.get("text") or "",
        "spoiler_text": source.get("spoiler_text") or "",
        "sensitive": sensitive(status, source),
        "media_ids": [str(attachment["id"]) for attachment in attachments],
        "media_attributes": [
            attributes(attachment, descriptions.get(str(attachment["id"])), limit)
            for attachment in attachments
        ],
    }
    if status.get("language"):
        body["language"] = status["language"]
    # glitch-soc and Pleroma: how the source is to be read, for example as Markdown.
    if source.get("content_type"):
        body["content_type"] = source["content_type"]
    if policy := quote_policy(status):
        body["quote_approval_policy"] = policy
    if status.get("poll"):
        body["poll"] = poll_fields(status["poll"], now)
    return body


def sensitive(status: Status, source: Mapping[str, Any]) -> bool | str:
    """The sensitivity to send: a JSON boolean, but for one case.

    Mastodon turns a status with a content warning sensitive when it reads JSON's ``false``; one
    that is not (posted by a client that sends forms) stays so only with the text.
    """
    value = bool(status.get("sensitive"))
    return "false" if source.get("spoiler_text") and not value else value


def attributes(attachment: Mapping[str, Any], new: str | None, limit: int) -> dict[str, Any]:
    """One attachment with its new description, or with the one it has, and its focal point."""
    entry: dict[str, Any] = {"id": str(attachment["id"])}
    description = attachment.get("description")
    if new is not None:
        # Servers that do not enforce their limit here refuse every later edit.
        description = cut_at_word(new, limit)
    if description:
        entry["description"] = description
    focus = (attachment.get("meta") or {}).get("focus") or {}
    if focus.get("x") is not None and focus.get("y") is not None:
        entry["focus"] = f"{float(focus['x'])},{float(focus['y'])}"
    return entry


def quote_policy(status: Status) -> str | None:
    """Who may quote the status, as Mastodon 4.5 takes it.

    Left out, the account's default policy would take its place.
    """
    approval = status.get("quote_approval")
    if not approval:
        return None
    automatic = set(approval.get("automatic") or [])
    if "public" in automatic:
        return "public"
    if "followers" in automatic:
        return "followers"
    return None if automatic or approval.get("manual") else "nobody"


def poll_fields(poll: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The poll as it was asked. Equal options and ``multiple`` keep its votes.

    MediaError for one that has ended: sent again it would reopen, left out it would be deleted.
    """
    options = poll.get("options") or []
    remaining = None
    if poll.get("expires_at"):
        remaining = int((moment(poll["expires_at"]) - now).total_seconds())
    if poll.get("expired") or (remaining is not None and remaining <= 0):
        raise MediaError(
            "the post has a poll that has ended, which an edit would reopen or delete; "
            "describe its attachments by hand"
        )
    fields: dict[str, Any] = {
        "options": [option["title"] for option in options],
        "multiple": bool(poll.get("multiple")),
        "hide_totals": any(option.get("votes_count") is None for option in options),
    }
    if remaining is not None:
        fields["expires_in"] = remaining
    return fields


def moment(value: datetime | str) -> datetime:
    """A time as the server gives it, or as Mastodon.py has already read it."""
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
