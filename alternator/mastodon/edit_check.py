"""Holds the bot's first rule: an edit changes nothing of a post but descriptions.

Three checks, none of which uses what builds the edit (``edit.py``), but for the names of the
policies on quotes:

1. before anything is built, ``check_snapshot``: text and content belong together;
2. before anything is sent, ``CheckedEdit``: each field of the body is what was read. There is no
   other way to send an edit: the client takes nothing else;
3. afterwards, ``edit_differences.py``: each field of the post is what it was. On any difference the
   account is halted (``alternator/bot/work.py``).

An undo is such an edit too (``checked_undo``): it may take away nothing but a description that is
ours word for word, and put nothing in its place that anybody could read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alternator.errors import UnprovenEditError, UnsureError
from alternator.mastodon.dialect import EditRules
from alternator.mastodon.edit import (
    AttachmentFields,
    EditBody,
    Snapshot,
    TakenBack,
    build_edit,
    quote_policy,
)
from alternator.mastodon.entities import Attachment, Focus, Poll
from alternator.mastodon.plain import essence, is_shown_by, says, text_of_html


@dataclass(frozen=True, kw_only=True)
class CheckedEdit:
    """An edit that is proven to change descriptions alone; UnprovenEditError for any other."""

    snapshot: Snapshot
    descriptions: Mapping[str, str]
    rules: EditRules
    limit: int
    body: EditBody
    taken_back: Mapping[str, TakenBack] = field(default_factory=dict)
    # Texts of ours, by attachment, that the new ones take the place of.
    replaced: Mapping[str, str] = field(default_factory=dict)

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


def checked_rewriting(
    snapshot: Snapshot,
    descriptions: Mapping[str, str],
    replaced: Mapping[str, str],
    *,
    rules: EditRules,
    limit: int,
) -> CheckedEdit:
    """The edit that puts these descriptions in the place of ours, checked; else as above."""
    return CheckedEdit(
        snapshot=snapshot,
        descriptions=descriptions,
        rules=rules,
        limit=limit,
        body=build_edit(snapshot, descriptions, rules=rules, limit=limit),
        replaced=replaced,
    )


def checked_undo(
    snapshot: Snapshot, taken_back: Mapping[str, TakenBack], *, rules: EditRules, limit: int
) -> CheckedEdit:
    """The edit that takes these descriptions back, checked; errors as of ``build_edit``."""
    body = build_edit(snapshot, {}, rules=rules, limit=limit, taken_back=taken_back)
    return CheckedEdit(
        snapshot=snapshot,
        descriptions=dict.fromkeys(taken_back, ""),
        rules=rules,
        limit=limit,
        body=body,
        taken_back=taken_back,
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
        gone = edit.taken_back.get(attachment.id)
        if gone is not None:
            fits = "description" in entry and takes_back(attachment, gone, sent)
        elif new is None:
            fits = sent == (attachment.description or None)
        else:
            old = edit.replaced.get(attachment.id)
            fits = sent == new and len(new) <= edit.limit
            fits = fits and (attachment.lacks_description or is_ours(attachment, old))
            fits = fits and bool(new.strip())
        if not fits:
            wrong.append(f"the description of attachment {attachment.id}")
        if entry.get("focus") != focus_text(attachment.focus):
            wrong.append(f"the focus of attachment {attachment.id}")
    return wrong


def is_ours(attachment: Attachment, text: str | None) -> bool:
    """Whether a description is this text of ours, word for word."""
    return text is not None and says(attachment.description, text)


def takes_back(attachment: Attachment, gone: TakenBack, sent: str | None) -> bool:
    """Whether what is sent puts back what was there, and takes away nothing but our own words."""
    return is_ours(attachment, gone.text) and sent == gone.before and not (sent or "").strip()


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
