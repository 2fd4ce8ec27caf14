"""Edits whose answer was lost: what became of them, as the post shows it later.

An edit is always compared with what the post was before (``edit_post.py``). Where neither its
answer nor the post could be had, that comparison is made up for here, by the next work on the post:
the edit is kept for it while the process lives.

By then the author may have edited the post as well, and that is no damage (``whose_change.py``).
Where nobody can tell the two apart the account is not halted, and the post is named in the log for
a person to look at.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from alternator.bot.edit_post import version
from alternator.bot.whose_change import judged
from alternator.errors import DamageError, ServerError, TemporaryServerError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.edit_check import CheckedEdit
from alternator.mastodon.edit_differences import differences, source_differences
from alternator.mastodon.entities import Revision, Status

log = logging.getLogger(__name__)

MOST_KEPT = 200


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
