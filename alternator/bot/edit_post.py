"""One edit of one post, from the last look at it to the look at what became of it.

The look before is two reads of the post with a read of its source between: where both are of one
version, so is the source. The first of them is the one that the texts were made from, if nothing
has changed since. The edit is sent once (``alternator/mastodon/edit_check.py`` proves it first);
where its answer is lost or no answer, a look at the post says whether it was carried out. Where
that look fails as well, or shows nothing yet, the edit is kept for a later one (``lost_edit.py``).
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from alternator.bot.whose_change import UNTOLD, has_texts, is_described, judged
from alternator.errors import (
    DamageError,
    EditRefusedError,
    GoneError,
    ServerError,
    TemporaryServerError,
    UnsureError,
)
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.dialect import EditRules
from alternator.mastodon.edit import Snapshot, TakenBack
from alternator.mastodon.edit_check import (
    CheckedEdit,
    check_snapshot,
    checked_edit,
    checked_rewriting,
    checked_undo,
)
from alternator.mastodon.edit_differences import ANSWERED, differences, source_differences
from alternator.mastodon.entities import Source, Status

log = logging.getLogger(__name__)

SNAPSHOT_ATTEMPTS = 3  # while the author edits the post at the same time


def forgotten(edit: CheckedEdit) -> None:
    """Keeps no edit."""


@dataclass(frozen=True, kw_only=True)
class PostEditor:
    """Edits posts of one account, on a server with these rules; ``limit`` in characters.

    ``keep`` is handed each edit that failed, for all that can be said at that moment.
    """

    client: MastodonClient
    rules: EditRules
    limit: int
    keep: Callable[[CheckedEdit], None] = forgotten

    def snapshot(self, before: Status) -> Snapshot | None:
        """A post and its source of one version; None while it keeps changing.

        ``before`` is the post as it was read at some time before.

        Raises:
            GoneError: the post was deleted.
            UnsureError: its source can't be had, or can't be its own.
            ServerError: the server can't be asked.
        """
        for _ in range(SNAPSHOT_ATTEMPTS):
            source = self._source(before.id)
            status = self.client.status(before.id)
            if version(before) == version(status):
                snapshot = Snapshot(status=status, source=source)
                check_snapshot(snapshot)
                return snapshot
            before = status
        return None

    def describe(self, snapshot: Snapshot, texts: Mapping[str, str]) -> Status:
        """Give a post's attachments these texts; returns the post as it is then.

        Raises:
            MediaError: no edit can be made that changes nothing else.
            EditRefusedError: the server does not take it.
            DamageError: more was changed than the descriptions.
            ServerError: the edit failed, and the post does not show it carried out.
        """
        return self._made(checked_edit(snapshot, texts, rules=self.rules, limit=self.limit))

    def rewrite(
        self, snapshot: Snapshot, texts: Mapping[str, str], replaced: Mapping[str, str]
    ) -> Status:
        """Put texts in the place of ours; the rest is as of ``describe``.

        Raises:
            UnprovenEditError: one that is there is not ours, as the snapshot has it.
        """
        return self._made(
            checked_rewriting(snapshot, texts, replaced, rules=self.rules, limit=self.limit)
        )

    def take_back(self, snapshot: Snapshot, descriptions: Mapping[str, TakenBack]) -> Status:
        """Put back what was there before our descriptions; the rest is as of ``describe``.

        Raises:
            UnprovenEditError: one of them is not ours, as the snapshot has it.
        """
        return self._made(checked_undo(snapshot, descriptions, rules=self.rules, limit=self.limit))

    def _made(self, edit: CheckedEdit) -> Status:
        """Make an edit; returns the post as it is then."""
        try:
            after = self.client.edit(edit)
        except ServerError as error:
            after = self._looked_again(edit, error)
        after = self._compare(edit, after)
        if not is_described(after, edit.descriptions):
            after = self._fresh(after)
        return after

    def _source(self, status_id: str) -> Source:
        try:
            return self.client.source(status_id)
        except GoneError:
            self.client.status(status_id)
            raise UnsureError(
                "the server does not tell a post's source, without which an edit would lose "
                "some of it; describe its attachments by hand"
            ) from None

    def _looked_again(self, edit: CheckedEdit, error: ServerError) -> Status:
        """The post, if the edit was carried out although it was answered with an error."""
        if isinstance(error, TemporaryServerError) and error.retry_after is not None:
            raise error  # the server asks to wait, and has done nothing
        self.keep(edit)
        try:
            after = self.client.status(edit.snapshot.status.id)
        except GoneError:
            raise
        except ServerError:
            raise error from None
        if is_described(after, edit.descriptions):
            log.info("post %s: the edit was carried out, in spite of: %s", after.id, error)
            return after
        if isinstance(error, GoneError):
            raise EditRefusedError(f"{self.client.url} takes no edit of the post (HTTP 404)")
        raise error

    def _compare(self, edit: CheckedEdit, after: Status) -> Status:
        """The post after its edit. DamageError if more is different than the descriptions."""
        snapshot, texts = edit.snapshot, edit.descriptions
        changed = differences(snapshot.status, after, texts)
        if changed:
            # An answer alone is not the post.
            after = self._fresh(after)
            changed = differences(snapshot.status, after, texts)
        if ANSWERED in changed and self._is_orphan(snapshot.status, after):
            changed = tuple(name for name in changed if name != ANSWERED)
        try:
            lost = source_differences(snapshot.source, self.client.source(after.id))
            # What its author has edited since is no damage.
            if lost and self.client.status(after.id).edited_at == after.edited_at:
                changed = (*changed, *lost)
        except ServerError as error:
            log.debug("post %s: its source can't be read after its edit: %s", after.id, error)
        if changed:
            changed = self._by_the_edit(edit, after, changed)
        if changed:
            raise DamageError(
                f"the edit of post {after.id} changed more than descriptions: {', '.join(changed)}",
                fields=changed,
            )
        return after

    def _by_the_edit(
        self, edit: CheckedEdit, after: Status, changed: tuple[str, ...]
    ) -> tuple[str, ...]:
        """Those of the changes that are not the author's, who may have edited the post since.

        All of them where the server's history does not show the edit: rather a halt too many.
        """
        if not all(edit.descriptions.values()):
            return changed  # a version without descriptions may be any
        try:
            history = self.client.history(after.id)
        except ServerError as error:
            log.debug("post %s: its history can't be read: %s", after.id, error)
            return changed
        if not any(has_texts(one, edit.descriptions) for one in history):
            return changed
        found = judged(edit, after, changed, history).damage
        return (*found, *(name for name in changed if name in UNTOLD and name not in found))

    def _is_orphan(self, before: Status, after: Status) -> bool:
        """Whether the post that it answered was deleted meanwhile, and so is not named any more."""
        if before.in_reply_to_id is None or after.in_reply_to_id is not None:
            return False
        try:
            self.client.status(before.in_reply_to_id)
        except GoneError:
            return True
        except ServerError as error:
            log.debug("post %s can't be read: %s", before.in_reply_to_id, error)
        return False

    def _fresh(self, after: Status) -> Status:
        """The post as it is now; as it was last answered, if it can't be read."""
        try:
            return self.client.status(after.id)
        except ServerError as error:
            log.debug("post %s can't be read after its edit: %s", after.id, error)
            return after


def version(status: Status) -> Status:
    """What is the same in two reads of one version of a post: all but what others do to it."""
    return replace(
        status,
        poll=None
        if status.poll is None
        else replace(
            status.poll,
            options=tuple(replace(option, votes_count=None) for option in status.poll.options),
        ),
        attachments=tuple(replace(entry, url=None) for entry in status.attachments),
        profile="",
        favourited=False,
        url=None,
    )
