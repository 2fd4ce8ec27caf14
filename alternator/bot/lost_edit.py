"""Edits whose answer was lost: what became of them, as the post shows it later.

An edit is always compared with what the post was before (``edit_post.py``). Where neither its
answer nor the post could be had, that comparison is made up for here, by the next work on the post:
the edit is kept for it while the process lives.

By then the author may have edited the post as well, and that is no damage. The two are told apart
by the post's history, in which our edit is the version that has our texts:

1. that version is not what was sent: the edit did harm;
2. it is, and no version came after it: whatever else is different now, the edit did;
3. it is, and the author edited the post since: only what no edit by hand can change is the edit's.

Where there is no history that has it, and for what changes without an edit, nobody can tell; then
the account is not halted, and the post is named in the log for a person to look at.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from alternator.bot.edit_post import is_described, version
from alternator.errors import DamageError, ServerError, TemporaryServerError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.edit_check import CheckedEdit
from alternator.mastodon.edit_differences import differences, shown_text, source_differences
from alternator.mastodon.entities import Revision, Status
from alternator.mastodon.plain import says

log = logging.getLogger(__name__)

MOST_KEPT = 200
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


@dataclass(kw_only=True)
class LostEdits:
    """Edits of which it is not known whether they were carried out.

    For the thread that edits; ``texts``, which is one look, for any.
    """

    client: MastodonClient
    _kept: dict[str, CheckedEdit] = field(default_factory=dict)

    def keep(self, edit: CheckedEdit) -> None:
        """Remember an edit that is not known to have succeeded or failed."""
        self._kept[edit.snapshot.status.id] = edit
        while len(self._kept) > MOST_KEPT:
            del self._kept[next(iter(self._kept))]

    def forget(self, status_id: str) -> None:
        """The edit of this post is settled."""
        self._kept.pop(status_id, None)

    def texts(self, status_id: str) -> Mapping[str, str]:
        """What the kept edit of a post was to write, by attachment; nothing where there is none."""
        edit = self._kept.get(status_id)
        return {} if edit is None else edit.descriptions

    def settle(self, status_id: str) -> None:
        """Compare a post with what it was before its kept edit, if there is one.

        Raises:
            DamageError: that edit changed more than descriptions.
            GoneError: the post was deleted.
            ServerError: the post can't be read; the edit is kept.
        """
        edit = self._kept.get(status_id)
        if edit is None:
            return
        before = edit.snapshot
        status = self.client.status(status_id)
        if version(status) != version(before.status):
            changed = differences(before.status, status, edit.descriptions)
            changed += source_differences(before.source, self.client.source(status_id))
            if changed:
                self._judge(edit, status, changed)
        self.forget(status_id)

    def _judge(self, edit: CheckedEdit, status: Status, changed: tuple[str, ...]) -> None:
        """DamageError if it was the edit that changed this; says so where nobody can tell."""
        found = judged(edit, status, changed, self._history(status.id))
        if found.damage:
            self.forget(status.id)
            raise DamageError(
                f"the edit of post {status.id}, whose answer was lost, changed more than "
                f"descriptions: {', '.join(found.damage)}",
                fields=found.damage,
            )
        if found.untold:
            log.warning(
                "post %s is not what it was before an edit whose answer was lost: %s. Whether that "
                "edit changed it, or somebody else since, can't be told; please look at the post",
                status.id,
                ", ".join(found.untold),
            )

    def _history(self, status_id: str) -> tuple[Revision, ...]:
        """A post's versions, oldest first; none where the server does not tell them."""
        try:
            return self.client.history(status_id)
        except TemporaryServerError:
            raise
        except ServerError as error:
            log.debug("post %s has no history: %s", status_id, error)
            return ()


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
