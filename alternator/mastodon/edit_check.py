"""Holds the bot's first rule: an edit changes nothing of a post but descriptions.

Three checks, none of which uses what builds the edit (``edit.py``), but for the names of the
policies on quotes:

1. before anything is built, ``check_snapshot``: text and content belong together;
2. before anything is sent, ``CheckedEdit``: each field of the body is what was read. There is no
   other way to send an edit: the client takes nothing else;
3. afterwards, ``differences`` and ``source_differences``: each field of the post is what it was.
   On any difference the account is halted (``alternator/bot/work.py``).

What a server changes by itself with each edit is not compared: ``edited_at``, the HTML around the
text, which is made anew, and what is found in the text (mentions, tags, emoji, card). A language is
given to a post that had none:
https://github.com/mastodon/mastodon/blob/main/app/services/update_status_service.rb
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alternator.errors import UnprovenEditError, UnsureError
from alternator.mastodon.dialect import EditRules
from alternator.mastodon.edit import (
    AttachmentFields,
    EditBody,
    Snapshot,
    build_edit,
    quote_policy,
)
from alternator.mastodon.entities import Attachment, Focus, Poll, Source, Status
from alternator.mastodon.plain import essence, is_shown_by, text_of_html, without_names

ANSWERED = "post that it answers"
# A focal point comes back as the server has rounded it (32 bits with GoToSocial).
FOCUS_DIFFERENCE = 0.01
# An edit that resets a poll leaves it hardly any votes: not one of so many.
FORGOTTEN_VOTES = 2


@dataclass(frozen=True, kw_only=True)
class CheckedEdit:
    """An edit that is proven to change descriptions alone; UnprovenEditError for any other."""

    snapshot: Snapshot
    descriptions: Mapping[str, str]
    rules: EditRules
    limit: int
    body: EditBody

    def __post_init__(self) -> None:
        wrong = wrong_fields(self)
        if wrong:
            raise UnprovenEditError(
                f"the edit of post {self.snapshot.status.id} was not sent: it would change "
                f"{', '.join(wrong)}; please report this"
            )


def checked_edit(
    snapshot: Snapshot, descriptions: Mapping[str, str], *, rules: EditRules, limit: int
) -> CheckedEdit:
    """The edit that gives a post these descriptions, checked; errors as of ``build_edit``."""
    body = build_edit(snapshot, descriptions, rules=rules, limit=limit)
    return CheckedEdit(
        snapshot=snapshot, descriptions=descriptions, rules=rules, limit=limit, body=body
    )


def check_snapshot(snapshot: Snapshot) -> None:
    """UnsureError if the source can't be that of the post.

    Akkoma and Pleroma answer an empty text for a post that was stored without its source; a cache
    may answer with another one. An edit made from it would wipe the post.
    """
    status, source = snapshot.status, snapshot.source
    if essence(text_of_html(status.spoiler_text)) != essence(text_of_html(source.spoiler_text)):
        raise UnsureError(
            "the content warning in the post's source is not the one that the post has, so an edit "
            "would replace it; describe its attachments by hand"
        )
    if not is_shown_by(source.text, status.content):
        raise UnsureError(
            "the text in the post's source is not the one that the post shows, so an edit would "
            "replace it; describe its attachments by hand"
        )


def wrong_fields(edit: CheckedEdit) -> tuple[str, ...]:
    """The fields of a body that would change something beside descriptions, or are not known."""
    status, source, body = edit.snapshot.status, edit.snapshot.source, edit.body
    approval = status.quote_approval
    right: dict[str, object] = {
        "status": source.text,
        "spoiler_text": source.spoiler_text,
        "media_ids": [attachment.id for attachment in status.attachments],
    }
    if status.language:
        right["language"] = status.language
    if source.content_type:
        right["content_type"] = source.content_type
    if approval and (policy := quote_policy(approval)):
        right["quote_approval_policy"] = policy
    found: dict[str, object] = {**body}
    sent = found.pop("sensitive", None)
    entries, poll = body.get("media_attributes", []), body.get("poll")
    found.pop("media_attributes", None)
    found.pop("poll", None)
    wrong = [name for name in sorted({*right, *found}) if right.get(name) != found.get(name)]
    may_be_text = source.spoiler_text and edit.rules.false_beside_warning == "text"
    if sent is not status.sensitive and not (
        sent == "false" and not status.sensitive and may_be_text
    ):
        wrong.append("sensitive")
    if source.spoiler_text and not source.text.strip() and edit.rules.blank_takes_warning:
        wrong.append("status")
    wrong += wrong_attributes(edit, entries)
    if not is_same_poll(status.poll, poll, edit.rules):
        wrong.append("poll")
    return tuple(wrong)


def wrong_attributes(edit: CheckedEdit, entries: list[AttachmentFields]) -> list[str]:
    """What is wrong with an edit's ``media_attributes``."""
    attachments = edit.snapshot.status.by_id
    wanted = dict(edit.descriptions)
    ids = [entry.get("id", "") for entry in entries]
    wrong = []
    if len(set(ids)) != len(ids) or not set(ids) <= set(attachments) or not set(wanted) <= set(ids):
        wrong.append("the attachments named")
    for entry in entries:
        attachment = attachments.get(entry.get("id", ""))
        if attachment is None or not entry.keys() <= {"id", "description", "focus"}:
            continue
        new, sent = wanted.get(attachment.id), entry.get("description")
        if new is None:
            fits = sent == (attachment.description or None)
        else:
            fits = sent == new and len(new) <= edit.limit and attachment.lacks_description
        if not fits or (new is not None and not new.strip()):
            wrong.append(f"the description of attachment {attachment.id}")
        if entry.get("focus") != focus_text(attachment.focus):
            wrong.append(f"the focus of attachment {attachment.id}")
    return wrong


def focus_text(focus: Focus | None) -> str | None:
    """A focal point as an edit takes it."""
    return None if focus is None else f"{focus.x},{focus.y}"


def is_same_poll(poll: Poll | None, sent: Mapping[str, object] | None, rules: EditRules) -> bool:
    """Whether an edit leaves a poll as it is."""
    if poll is None or sent is None:
        return poll is None and sent is None
    return (
        not poll.expired
        and (poll.expires_at is None or rules.keeps_poll_end)
        and rules.tells_hidden_totals
        and sent
        == {
            "options": [option.title for option in poll.options],
            "multiple": poll.multiple,
            "hide_totals": poll.hides_totals,
        }
    )


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
