"""Describes one status: a text for each attachment that lacks one, then a single edit.

In two steps: ``prepare`` makes the texts, which may take minutes and be broken off at any time
(where there is speech, in a thread of its own: ``speech_lane.py``); ``publish`` looks at the status
again and writes them into it (``edit_post.py``), which takes moments and should not be broken off.

What rests on one answer of the server is not ``sure``: a cache or a proxy may have given it, so it
is final only when it is said again later (``alternator/store/outcomes.py``).
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Self

from alternator.alt_text.writer import AltTextWriter
from alternator.bot.after_edit import NOT_KEPT, is_there, outcomes_after
from alternator.bot.describe_media import MediaDescriber
from alternator.bot.draft import Draft, SpeechNeededError
from alternator.bot.edit_post import PostEditor
from alternator.bot.error_outcomes import deleted, outcome_of
from alternator.bot.journal import Journal
from alternator.bot.lost_edit import LostEdits
from alternator.bot.other_bot import OtherBot
from alternator.bot.settled import settled
from alternator.bot.side_by_side import side_by_side
from alternator.bot.wanted import Wanted
from alternator.errors import (
    EditRefusedError,
    GoneError,
    MediaError,
    TemporaryMediaError,
    UnprovenEditError,
)
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.dialect import Dialect
from alternator.mastodon.edit import Snapshot
from alternator.mastodon.entities import Attachment, Status
from alternator.mastodon.plain import says, text_of_html
from alternator.progress import SILENT, Progress
from alternator.store.edit_history import EditHistory
from alternator.store.outcomes import Claim, Outcome, left_alone, to_retry

EDITING_RETRY_SECONDS = 30.0
PROCESSING_RETRY_SECONDS = 5.0
# How many attachments of a post are transcribed at the same time; each is a download on disk.
MOST_AT_ONCE = 4


class Describer:
    """Describes statuses of one account, on a server that speaks ``dialect``.

    ``wanted`` says which statuses are described: of no others are media fetched.
    ``progress`` is the main thread's; ``clock`` gives seconds that nobody sets back; ``history`` is
    where the account's edits are written down.
    """

    # size: each comes from another owner: session, writer, server, operator, caller.
    def __init__(
        self,
        client: MastodonClient,
        writer: AltTextWriter,
        dialect: Dialect,
        *,
        wanted: Wanted | None = None,
        progress: Progress = SILENT,
        clock: Callable[[], float] = time.monotonic,
        history: EditHistory | None = None,
    ) -> None:
        self._client = client
        self._writer = writer
        self._dialect = dialect
        self._wanted = wanted or Wanted()
        self.other_bot = OtherBot(progress, clock, history)
        self._lost_edits = LostEdits(client=client)
        self._journal = Journal(history)

    @property
    def client(self) -> MastodonClient:
        """The session that it edits by, of its own thread."""
        return self._client

    def beside(self, client: MastodonClient, progress: Progress) -> Self:
        """What prepares statuses in another thread, for this one to publish."""
        other = copy(self)
        other._client, other._writer = client, self._writer.beside(progress)
        return other

    def judging_by(self, wanted: Wanted) -> Self:
        """The same for other statuses: those that this wants."""
        other = copy(self)
        other._wanted = wanted
        return other

    def undescribed(self, status: Status) -> tuple[Attachment, ...]:
        """The attachments that lack a description and that this bot can describe."""
        for attachment in status.attachments:
            self.other_bot.seen(attachment)
        return tuple(
            attachment
            for attachment in status.attachments
            if attachment.lacks_description and self._writer.takes_on(attachment)
        )

    def prepare(self, claim: Claim, *, patient: bool = True, speech: bool = True) -> Draft:
        """Make the texts for a claim. One bad attachment never stops the next.

        Raises:
            SpeechNeededError: not ``speech``, and some of it is transcribed.
            TemporaryMediaError: ``patient``, and the server is still processing one of the
                files: with all of them, one edit will do.
            ServerError: the server can't be asked.
        """
        try:
            status = self._client.status(claim.status_id)
        except GoneError:
            return Draft(
                status_id=claim.status_id, texts={}, outcomes=deleted(claim.attachment_ids)
            )
        attachments = status.by_id
        ours = self._lost_edits.texts(status.id)
        claimed = [attachments[key] for key in claim.attachment_ids if key in attachments]
        reason = self._reason_against(status)
        heard = [entry.id for entry in claimed if entry.has_speech and entry.lacks_description]
        if heard and not speech and not reason:
            raise SpeechNeededError(heard)
        if patient and not reason and not all(attachment.url for attachment in claimed):
            # https://docs.joinmastodon.org/entities/MediaAttachment/#url
            raise TemporaryMediaError(
                "the server is still processing it", retry_after=PROCESSING_RETRY_SECONDS
            )
        texts: dict[str, str] = {}
        outcomes = []
        wanted: list[Attachment] = []
        for key in claim.attachment_ids:
            attachment = attachments.get(key)
            if attachment is None:
                outcomes.append(left_alone(key, "it was removed from the post", sure=False))
            elif key in ours and says(attachment.description, ours[key]):
                texts[key] = ours[key]
            elif not attachment.lacks_description:
                outcomes.append(left_alone(key, "it has a description by now", sure=False))
            elif reason:
                outcomes.append(left_alone(key, reason, sure=self._dialect.describes == "none"))
            else:
                wanted.append(attachment)
        for attachment, write in self._writing(wanted, status):
            try:
                texts[attachment.id] = write()
            except Exception as error:  # noqa: BLE001 - one never stops the next; logged there
                outcomes.append(outcome_of(attachment.id, error))
        return Draft(
            status_id=claim.status_id, texts=texts, outcomes=tuple(outcomes), status=status
        )

    def _writing(
        self, wanted: Sequence[Attachment], status: Status
    ) -> Iterator[tuple[Attachment, Callable[[], str]]]:
        """Each attachment with what gives its text, or raises why there is none. Those with speech
        are transcribed side by side: a worker computes them together."""
        heard = [attachment for attachment in wanted if attachment.has_speech]
        language, says = status.language, text_of_html(status.content)
        if len(heard) > 1:
            tasks = [partial(self._writer.beside().write, entry, language, says) for entry in heard]
            texts = side_by_side(tasks, MOST_AT_ONCE)
            yield from ((entry, text.result) for entry, text in zip(heard, texts, strict=True))
        for entry in wanted:
            if entry not in heard or len(heard) == 1:
                yield entry, partial(self._writer.write, entry, language, says)

    def publish(self, draft: Draft) -> list[Outcome]:
        """Write a draft into its status with one edit, unless there is nothing left to write.

        It may be called again with the same draft after an error.

        Raises:
            ServerError: the server can't be asked, or the token does not suffice.
            DamageError: the edit changed more than descriptions.
        """
        outcomes = list(draft.outcomes)
        try:
            self._lost_edits.settle(draft.status_id)
            outcomes += self._write(draft) if draft.texts else []
        except GoneError:
            outcomes += deleted(draft.texts)
        except (MediaError, EditRefusedError, UnprovenEditError) as error:
            outcomes += [outcome_of(key, error) for key in draft.texts]
        return outcomes

    def _write(self, draft: Draft) -> list[Outcome]:
        """Put those of the texts into the status that it still lacks."""
        if self._dialect.describes == "medium":
            media = MediaDescriber(self._client, self.other_bot, self._writer.limit, self._journal)
            return media.describe(draft.status_id, draft.texts)
        assert draft.status is not None, "there are texts of it"
        if self._dialect.edit is None:
            raise MediaError(not_editable(self._dialect))
        editor = PostEditor(
            client=self._client,
            rules=self._dialect.edit,
            limit=self._writer.limit,
            keep=self._lost_edits.keep,
        )
        self.other_bot.give_way()
        snapshot = editor.snapshot(draft.status)
        if snapshot is None:
            reason = "the post is being edited by its author"
            return [to_retry(key, reason, retry_after=EDITING_RETRY_SECONDS) for key in draft.texts]
        attachments = snapshot.status.by_id
        wanted: dict[str, str] = {}
        outcomes = []
        for key, text in draft.texts.items():
            outcome = settled(attachments.get(key), key, text, self.other_bot)
            if outcome is None:
                wanted[key] = text
            else:
                outcomes.append(outcome)
        return outcomes + (self._edit(editor, snapshot, wanted) if wanted else [])

    def _edit(
        self, editor: PostEditor, snapshot: Snapshot, texts: Mapping[str, str]
    ) -> list[Outcome]:
        """Make the edit and see what the server made of it."""
        for key, text in texts.items():
            self.other_bot.wrote(key, text)
        with self._journal.sending(snapshot.status, texts):
            after = editor.describe(snapshot, texts)
        self._lost_edits.forget(after.id)
        there = [key for key in texts if is_there(after, key)]
        self._journal.written(after, there)
        self._journal.refused(after.id, texts.keys() - there, NOT_KEPT)
        return outcomes_after(after, texts, careful=self._dialect.careful)

    def _reason_against(self, status: Status) -> str | None:
        """Why no attachment of this status is described, if there is a reason."""
        reason = self._wanted.reason_against(status)
        if reason is None and self._dialect.describes == "none":
            edits = self._wanted.modes.edits(status.audience)
            reason = not_editable(self._dialect) if edits else None
        return reason


def not_editable(dialect: Dialect) -> str:
    """Why nothing is described on a server that does not take it."""
    return (
        f"{dialect.software} has no edit that changes the description of a posted attachment; "
        f"add it by hand"
    )
