"""Edits that damage the post on purpose, so that tests see whether a client notices.

Each is what some server did to somebody: see ``docs/servers.md``.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from sandbox.control.faults import Damage
from sandbox.model.records import Attachment, Status

LONGER_SECONDS = 3600.0


def damaged(
    status: Status, attachments: Sequence[Attachment], damage: Damage
) -> tuple[Status, list[Attachment]]:
    """A status and its attachments as they are after the edit that damages them."""
    match damage:
        case "lose_focus":
            return status, [replace(attachment, focus=None) for attachment in attachments]
        case "lose_descriptions":
            return status, [replace(attachment, description=None) for attachment in attachments]
        case "publish_poll" | "prolong_poll" | "drop_poll":
            return with_other_poll(status, damage), list(attachments)
        case "drop_attachment":
            status = replace(status, media_ids=status.media_ids[:-1])
        case "reorder_attachments":
            status = replace(status, media_ids=status.media_ids[::-1])
        case "lose_text":
            status = replace(status, text="")
        case "change_text":
            status = replace(status, text=f"{status.text} (edited)")
        case "turn_public":
            status = replace(status, visibility="public")
        case "drop_warning":
            status = replace(status, spoiler_text="")
        case "turn_sensitive" | "turn_not_sensitive":
            status = replace(status, sensitive=damage == "turn_sensitive")
        case "lose_language":
            status = replace(status, language=None)
        case "drop_reply":
            status = replace(status, in_reply_to_id=None)
        case _:
            assert_never(damage)
    return status, list(attachments)


def with_other_poll(status: Status, damage: Damage) -> Status:
    """A status whose poll is gone, shows its counts to everybody, or ends an hour later."""
    if status.poll is None or damage == "drop_poll":
        return replace(status, poll=None)
    if damage == "publish_poll":
        return replace(status, poll=replace(status.poll, hide_totals=False))
    later = status.poll.expires_at + LONGER_SECONDS
    return replace(status, poll=replace(status.poll, expires_at=later))
