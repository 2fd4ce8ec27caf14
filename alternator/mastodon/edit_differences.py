"""What became of a post by an edit: each field before, compared with what it is after.

What a server changes by itself with each edit is not compared: ``edited_at``, the HTML around the
text, which is made anew, and what is found in the text (mentions, tags, emoji, card). A language is
given to a post that had none:
https://github.com/mastodon/mastodon/blob/main/app/services/update_status_service.rb
"""

from collections.abc import Mapping

from alternator.mastodon.entities import Attachment, Focus, Poll, Source, Status
from alternator.mastodon.plain import essence, text_of_html, without_names

ANSWERED = "post that it answers"
# A focal point comes back as the server has rounded it (32 bits with GoToSocial).
FOCUS_DIFFERENCE = 0.01
# An edit that resets a poll leaves it hardly any votes: not one of so many.
FORGOTTEN_VOTES = 2


def differences(before: Status, after: Status, descriptions: Mapping[str, str]) -> tuple[str, ...]:
    """What an edit made with these descriptions changed of a post beside them, by field."""
    same = {
        "text": shown_text(before.content) == shown_text(after.content),
        "content warning": shown_text(before.spoiler_text) == shown_text(after.spoiler_text),
        "sensitivity": before.sensitive == after.sensitive,
        "visibility": before.visibility == after.visibility,
        "language": (before.language or "").lower() in ("", (after.language or "").lower()),
        "author": before.account_id == after.account_id,
        "time of posting": before.created_at == after.created_at,
        ANSWERED: before.in_reply_to_id == after.in_reply_to_id,
        # One that is deleted or hidden meanwhile has no id any more, and is still quoted.
        "post that it quotes": before.quoted_id in (None, after.quoted_id)
        or (after.quotes and after.quoted_id is None),
        "who may quote it": before.quote_approval == after.quote_approval,
        "local only": before.local_only == after.local_only,
        "attachments": [entry.id for entry in before.attachments]
        == [entry.id for entry in after.attachments],
    }
    changed = [name for name, is_same in same.items() if not is_same]
    there = after.by_id
    for attachment in before.attachments:
        if attachment.id in there:
            changed += attachment_differences(
                attachment, there[attachment.id], described=attachment.id in descriptions
            )
    return (*changed, *poll_differences(before.poll, after.poll))


def attachment_differences(before: Attachment, after: Attachment, *, described: bool) -> list[str]:
    """What became of one attachment; ``described``: it was to get another description."""
    same = {
        "file": not (before.url and not after.url)
        and (before.url is None or before.type in ("unknown", after.type)),
        "focus": is_near(before.focus, after.focus),
        "description": described
        or (before.description or "").strip() == (after.description or "").strip(),
    }
    return [f"{name} of attachment {before.id}" for name, is_same in same.items() if not is_same]


def poll_differences(before: Poll | None, after: Poll | None) -> tuple[str, ...]:
    """What became of a poll; votes may come in meanwhile, and it may end."""
    if before is None or after is None:
        return () if before is after else ("poll",)
    same = {
        "poll's options": [option.title for option in before.options]
        == [option.title for option in after.options],
        "poll's choice": before.multiple == after.multiple,
        "poll's end": before.expires_at == after.expires_at,
        "poll's hidden counts": after.expired or before.hides_totals == after.hides_totals,
        # A few fewer are those of accounts that are gone now, or told by a database that lags.
        "poll's votes": votes_of(after) is None
        or (votes_of(before) or 0) <= FORGOTTEN_VOTES * (votes_of(after) or 0),
    }
    return tuple(name for name, is_same in same.items() if not is_same)


def votes_of(poll: Poll) -> int | None:
    """A poll's votes, all options together; None while they are hidden."""
    counts = [option.votes_count for option in poll.options]
    return None if None in counts else sum(count or 0 for count in counts)


def source_differences(before: Source, after: Source) -> tuple[str, ...]:
    """What an edit changed of what the author typed."""
    same = {
        "source's text": without_names(before.text).split() == without_names(after.text).split(),
        "source's content warning": before.spoiler_text.split() == after.spoiler_text.split(),
        "source's kind of text": before.content_type in (None, after.content_type),
    }
    return tuple(name for name, is_same in same.items() if not is_same)


def shown_text(html: str) -> str:
    """What a post shows, apart from how: a mention is the same before it is a link and after."""
    return essence(without_names(text_of_html(html)))


def is_near(before: Focus | None, after: Focus | None) -> bool:
    """Whether two focal points are the same; without one it is the middle."""
    old, new = before or Focus(x=0.0, y=0.0), after or Focus(x=0.0, y=0.0)
    return abs(old.x - new.x) <= FOCUS_DIFFERENCE and abs(old.y - new.y) <= FOCUS_DIFFERENCE
