"""Whose change it is that a post shows after an edit of ours: the edit's, or its author's since.

The two are told apart by the post's history, in which our edit is the version that has our texts:

1. that version is not what was sent: the edit did harm;
2. it is, and no version came after it: whatever else is different now, the edit did;
3. it is, and the author edited the post since: only what no edit by hand can change is the edit's.

Where there is no history that has it, and for what changes without an edit, nobody can tell.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alternator.mastodon.edit_check import CheckedEdit
from alternator.mastodon.edit_differences import shown_text
from alternator.mastodon.entities import Revision, Status
from alternator.mastodon.plain import says

# No edit by hand changes these: https://docs.joinmastodon.org/methods/statuses/#edit
FIXED = frozenset({"visibility", "author", "time of posting"})
# These change without an edit: the post that is answered or quoted is deleted, or its author takes
# the consent to a quote back; who may quote has an endpoint of its own.
# https://docs.joinmastodon.org/methods/statuses/#edit_interaction_policy
UNTOLD = frozenset({"post that it answers", "post that it quotes", "who may quote it"})
# What a history shows of a version, and so whose change it is.
SHOWN = (
    "text",
    "content warning",
    "sensitivity",
    "attachments",
    "description",
    "poll's options",
    "source's text",
    "source's content warning",
)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What an edit changed beside descriptions, and, if nothing, what nobody can tell of."""

    damage: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()


def is_described(status: Status, texts: Mapping[str, str]) -> bool:
    """Whether the attachments have these texts."""
    there = status.by_id
    return all(key in there and says(there[key].description, text) for key, text in texts.items())


def judged(
    edit: CheckedEdit, status: Status, changed: tuple[str, ...], history: tuple[Revision, ...]
) -> Judgement:
    """Who changed this of a post. ``history`` is empty where the server does not tell it."""
    places = [place for place, one in enumerate(history) if has_texts(one, edit.descriptions)]
    if not places:
        # Known to be carried out by its texts alone.
        carried_out = is_described(status, edit.descriptions)
        fixed = tuple(name for name in changed if carried_out and name in FIXED)
        return Judgement(damage=fixed, untold=changed)
    ours = history[places[0]]
    harmed = revision_differences(edit.snapshot.status, ours, edit.descriptions)
    if harmed:
        return Judgement(damage=harmed)
    if ours is history[-1] and status.edited_at in (None, ours.created_at):
        return Judgement(
            damage=tuple(name for name in changed if name not in UNTOLD), untold=changed
        )
    return Judgement(
        damage=tuple(name for name in changed if name in FIXED),
        untold=tuple(name for name in changed if not name.startswith(SHOWN)),
    )


def has_texts(revision: Revision, texts: Mapping[str, str]) -> bool:
    """Whether a version has these descriptions."""
    there = {attachment.id: attachment.description for attachment in revision.attachments}
    return all(says(there.get(key), text) for key, text in texts.items())


def revision_differences(
    before: Status, revision: Revision, descriptions: Mapping[str, str]
) -> tuple[str, ...]:
    """What a version made by an edit has different beside these descriptions, by field."""
    options = () if before.poll is None else tuple(option.title for option in before.poll.options)
    others = [
        [
            (entry.id, (entry.description or "").strip())
            for entry in entries
            if entry.id not in descriptions
        ]
        for entries in (before.attachments, revision.attachments)
    ]
    same = {
        "text": shown_text(before.content) == shown_text(revision.content),
        "content warning": shown_text(before.spoiler_text) == shown_text(revision.spoiler_text),
        "sensitivity": before.sensitive == revision.sensitive,
        "attachments": [entry.id for entry in before.attachments]
        == [entry.id for entry in revision.attachments],
        "descriptions of others": others[0] == others[1],
        "poll's options": options == revision.poll_options,
    }
    return tuple(name for name, is_same in same.items() if not is_same)
