# size: the whole way of an undo, and all that is refused on it, each with its reason
"""Takes descriptions of ours back: puts into a post what was there before, by the same safe edit.

It works beside a running bot. The bot's edit of a post sends all of its descriptions again, so one
that it began before would bring back what is taken away here: the undo waits until the bot is not
at work on the post, and keeps it from it meanwhile (``EditHistory.begin_undo``).

Only a description that is ours word for word is taken away, and what takes its place is what the
history has from before: none, or only blanks. The proof of that stands in
``alternator/mastodon/edit_check.py``.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from alternator.bot.after_edit import is_there
from alternator.bot.edit_post import PostEditor
from alternator.bot.journal import as_shown, edited_at
from alternator.bot.progress import BotProgress
from alternator.errors import (
    DamageError,
    EditRefusedError,
    GoneError,
    MediaError,
    PostBusyError,
    TakenOverError,
    UndoRefusedError,
    UnprovenEditError,
)
from alternator.mastodon.api_session import anybody
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.edit import Snapshot, TakenBack
from alternator.mastodon.entities import Instance, Status
from alternator.mastodon.plain import says
from alternator.stopping import Stop
from alternator.store.edit_history import PastEdit
from alternator.store.interface import AccountState
from alternator.terminal import moment

# How long it waits for a bot that is at work on the post.
BOT_PATIENCE_SECONDS = 30.0
BETWEEN_LOOKS_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A post as it was looked at, and our texts in it that are taken back."""

    status: Status
    edits: tuple[PastEdit, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The ids of the attachments."""
        return tuple(edit.writing.attachment_id for edit in self.edits)


@dataclass(frozen=True, kw_only=True)
class Undo:
    """Undoes edits of one account, whose id on its server is ``owner``.

    ``by_bot``: in the bot's own thread, which does not wait until the bot lets go of a post, since
    it would wait for itself. ``may_change`` is asked before anything is written down, and raises
    TakenOverError where another process does this by now.
    """

    client: MastodonClient
    instance: Instance
    owner: str
    state: AccountState
    stop: Stop
    by_bot: bool = False
    may_change: Callable[[], None] = anybody

    def plan(self, status_id: str, attachment_id: str | None = None) -> Plan:
        """What there is to take back of a post, or of one of its attachments.

        Raises:
            UndoRefusedError: nothing, or it can't be; the message says why.
            ServerError: the server can't be asked.
        """
        halted = self.state.halted()
        if halted is not None:
            raise UndoRefusedError(
                f"nothing of this account is edited any more: {halted}; look at that post first, "
                f"then start the bot with --resume-editing"
            )
        if self.instance.dialect.describes == "none":
            raise UndoRefusedError(
                f"{self.instance.dialect.software} has no edit that changes the description of a "
                f"posted attachment; take it away by hand"
            )
        entries = [
            entry
            for entry in self.state.history.entries(status_id=status_id)
            if attachment_id in (None, entry.writing.attachment_id)
        ]
        edits = tuple(entry for entry in entries if entry.stands)
        if not edits:
            raise UndoRefusedError(nothing_of_ours(status_id, attachment_id, entries))
        try:
            status = self.client.status(status_id)
        except GoneError:
            raise UndoRefusedError(f"the server does not have post {status_id} any more") from None
        plan = Plan(status=status, edits=tuple(as_shown(edit, status) for edit in edits))
        self.check(plan)
        return plan

    def carry_out(self, plan: Plan, *, alone: bool) -> tuple[str, ...]:
        """Put back what was there; the attachments whose description is gone now.

        ``alone``: no bot is running. Its caller may be broken off while it waits for one, and not
        while it edits.

        Raises:
            PostBusyError: the bot does not let go of the post.
            UndoRefusedError: it can't be done any more.
            DamageError: the edit changed more than that; the account is halted.
            ServerError, MediaError, UnprovenEditError: it was not done, or nobody can tell.
        """
        status_id = plan.status.id
        self.begin(plan, alone=alone)
        with self.stop.shielded():
            # Whether these attachments still have their text, as far as that is known.
            kept: tuple[str, ...] = ()
            gone: tuple[str, ...] = ()
            after = None
            try:
                after = self._written(plan)
                gone = tuple(key for key in plan.keys if not is_there(after, key))
                kept = plan.keys
            except DamageError as error:
                self.state.halt(str(error))
                raise
            except GoneError:
                raise UndoRefusedError(f"post {status_id} was deleted meanwhile") from None
            except (UndoRefusedError, EditRefusedError, MediaError, UnprovenEditError):
                kept = plan.keys
                raise
            finally:
                moment_of_edit = None if after is None else edited_at(after)
                self.end(status_id, kept, gone, edited_at=moment_of_edit)
        return gone

    def begin(self, plan: Plan, *, alone: bool) -> None:
        """Keep the bot from the post. PostBusyError where it does not let go of it."""
        self.may_change()
        progress = BotProgress(self.stop)
        clock = self.stop.clock
        until = clock.monotonic() + BOT_PATIENCE_SECONDS
        while not self.state.history.begin_undo(
            plan.status.id, plan.keys, alone=alone, by_bot=self.by_bot
        ):
            if self.by_bot or clock.monotonic() > until:
                raise PostBusyError(
                    f"the bot is at work on post {plan.status.id}, which may take minutes where "
                    f"there is speech in it; try again then, or stop the bot first"
                )
            progress.pause(BETWEEN_LOOKS_SECONDS)

    def end(
        self,
        status_id: str,
        attachment_ids: Sequence[str],
        undone: Collection[str],
        *,
        edited_at: float | None = None,
    ) -> None:
        """Let go of the post, as ``EditHistory.end_undo``: unless another process has it by now."""
        try:
            self.may_change()
        except TakenOverError:
            return
        self.state.history.end_undo(status_id, attachment_ids, undone, edited_at=edited_at)

    def _written(self, plan: Plan) -> Status:
        """Write what was there into the post; the post as it is then."""
        if self.instance.dialect.describes == "medium":
            return self._by_medium(plan)
        editor, snapshot = self.looked_at(plan)
        return editor.take_back(snapshot, {key: taken(edit) for key, edit in by_key(plan)})

    def looked_at(self, plan: Plan) -> tuple[PostEditor, Snapshot]:
        """The post as it is now, still with our words, and what edits it. UndoRefusedError."""
        rules = self.instance.dialect.edit
        assert rules is not None, "its descriptions are edited"
        limit = self.instance.description_limit
        editor = PostEditor(client=self.client, rules=rules, limit=limit)
        snapshot = editor.snapshot(plan.status)
        if snapshot is None:
            raise UndoRefusedError(f"post {plan.status.id} is being edited by its author")
        self.check(Plan(status=snapshot.status, edits=plan.edits))
        return editor, snapshot

    def _by_medium(self, plan: Plan) -> Status:
        """The same by the media, one after the other; the first that is refused is the last."""
        self.check(Plan(status=self.client.status(plan.status.id), edits=plan.edits))
        for key, edit in by_key(plan):
            self.client.describe_medium(key, edit.writing.before)
        after = self.client.status(plan.status.id)
        # Where null is no description that is sent, an empty text is one; nobody is told of it.
        ignored = [key for key, edit in by_key(plan) if is_there(after, key)]
        for key in ignored:
            self.client.describe_medium(key, "")
        return self.client.status(plan.status.id) if ignored else after

    def check(self, plan: Plan) -> None:
        """UndoRefusedError if somebody else's words may be in what is to be taken back."""
        status = plan.status
        if status.account_id != self.owner:
            raise UndoRefusedError(f"post {status.id} is somebody else's")
        there = status.by_id
        for key, edit in by_key(plan):
            where = f"attachment {key} of post {status.id}"
            if key not in there:
                raise UndoRefusedError(f"{where} was removed from the post{alone(plan)}")
            if there[key].lacks_description:
                raise UndoRefusedError(f"{where} has no description now{alone(plan)}")
            if not says(there[key].description, edit.writing.text):
                raise UndoRefusedError(
                    f"{where} has another description than the one that was written there: it is "
                    f"left as it is{alone(plan)}"
                )
        # Where the answer to an edit of ours was lost, nobody knows when that was.
        known = all(edit.outcome == "written" for edit in plan.edits)
        if known and plan.edits[0].edited_at != edited_at(status):
            raise UndoRefusedError(
                f"post {status.id} was edited since its description was written, so what is there "
                f"may be meant to be: it is left as it is; take the description away by hand if "
                f"you want to"
            )


def by_key(plan: Plan) -> list[tuple[str, PastEdit]]:
    """The edits with the attachments that they are of."""
    return [(edit.writing.attachment_id, edit) for edit in plan.edits]


def taken(edit: PastEdit) -> TakenBack:
    """A text of ours that is to go, for the edit."""
    return TakenBack(text=edit.writing.text, before=edit.writing.before)


def alone(plan: Plan) -> str:
    """What to do where one attachment of several keeps the others from it."""
    return "" if len(plan.edits) == 1 else "; --attachment takes another one back alone"


def nothing_of_ours(status_id: str, attachment_id: str | None, entries: Sequence[PastEdit]) -> str:
    """Why there is nothing to take back of a post."""
    where = f"post {status_id}" if attachment_id is None else f"attachment {attachment_id}"
    if not entries:
        return (
            f"nothing was written into {where}, so far as is remembered; `alternator history` "
            f"lists what was"
        )
    last = entries[0]
    if last.outcome == "undone":
        return f"the description of {where} was taken back already, {moment(last.changed_at)}"
    return f"the description of {where} was never there: {last.reason}"
