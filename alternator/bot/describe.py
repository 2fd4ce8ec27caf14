"""Describes one status: a text for each attachment that lacks one, then a single edit.

In two steps, since the first may take minutes and be broken off at any time, while the second
takes moments and should not be: ``prepare`` makes the texts, ``publish`` looks at the status
again and writes them into it.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from alternator.alt_text.writer import AltTextWriter
from alternator.bot.describe_media import describe_media
from alternator.errors import (
    AlternatorError,
    EditRefusedError,
    GoneError,
    MediaError,
    TemporaryMediaError,
)
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.dialect import Dialect
from alternator.mastodon.edit import Snapshot, build_edit
from alternator.mastodon.entities import Source, Status
from alternator.store.outcomes import Claim, Outcome, left_alone, to_retry

log = logging.getLogger(__name__)

EDIT_ATTEMPTS = 3  # while the author edits the post at the same time
EDITING_RETRY_SECONDS = 30.0
PROCESSING_RETRY_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is to be written into a status, and what became of its other attachments."""

    status_id: str
    texts: Mapping[str, str]
    outcomes: tuple[Outcome, ...]


class Describer:
    """Describes statuses of one account, on a server that speaks ``dialect``."""

    def __init__(self, client: MastodonClient, writer: AltTextWriter, dialect: Dialect) -> None:
        self._client = client
        self._writer = writer
        self._dialect = dialect

    def undescribed(self, status: Status) -> tuple[str, ...]:
        """Ids of the attachments that lack a description and that this bot can describe."""
        return tuple(
            attachment.id
            for attachment in status.attachments
            if attachment.lacks_description and self._writer.takes_on(attachment)
        )

    def prepare(self, claim: Claim, *, patient: bool = True) -> Draft:
        """Make the texts for a claim. One bad attachment never stops the next.

        Raises:
            TemporaryMediaError: ``patient``, and the server is still processing one of the
                files: with all of them, one edit will do.
            ServerError: the server can't be asked.
        """
        try:
            status = self._client.status(claim.status_id)
        except GoneError:
            gone = tuple(left_alone(key, "the post was deleted") for key in claim.attachment_ids)
            return Draft(status_id=claim.status_id, texts={}, outcomes=gone)
        attachments = status.by_id
        claimed = [attachments[key] for key in claim.attachment_ids if key in attachments]
        if patient and not all(attachment.url for attachment in claimed):
            # https://docs.joinmastodon.org/entities/MediaAttachment/#url
            raise TemporaryMediaError(
                "the server is still processing it", retry_after=PROCESSING_RETRY_SECONDS
            )
        texts: dict[str, str] = {}
        outcomes = []
        for key in claim.attachment_ids:
            attachment = attachments.get(key)
            if attachment is None:
                outcomes.append(left_alone(key, "it was removed from the post"))
            elif not attachment.lacks_description:
                outcomes.append(left_alone(key, "it has a description by now"))
            elif self._dialect.describes == "none":
                outcomes.append(left_alone(key, not_editable(self._dialect)))
            else:
                try:
                    texts[key] = self._writer.write(attachment, status.language)
                except Exception as error:  # noqa: BLE001 - one never stops the next; logged there
                    outcomes.append(outcome_of(key, error))
        return Draft(status_id=claim.status_id, texts=texts, outcomes=tuple(outcomes))

    def publish(self, draft: Draft) -> list[Outcome]:
        """Write a draft into its status with one edit, unless there is nothing left to write.

        It may be called again with the same draft after an error.

        Raises:
            ServerError: the server can't be asked, or the token does not suffice.
        """
        outcomes = list(draft.outcomes)
        if draft.texts:
            try:
                if self._dialect.describes == "medium":
                    limit = self._writer.limit
                    outcomes += describe_media(self._client, draft.status_id, draft.texts, limit)
                else:
                    outcomes += self._write(draft)
            except GoneError:
                outcomes += [left_alone(key, "the post was deleted") for key in draft.texts]
            except (MediaError, EditRefusedError) as error:
                outcomes += [outcome_of(key, error) for key in draft.texts]
        return outcomes

    def _write(self, draft: Draft) -> list[Outcome]:
        """Put those of the texts into the status that it still lacks."""
        snapshot = self._snapshot(draft.status_id)
        if snapshot is None:
            reason = "the post is being edited by its author"
            return [to_retry(key, reason, retry_after=EDITING_RETRY_SECONDS) for key in draft.texts]
        attachments = snapshot.status.by_id
        wanted: dict[str, str] = {}
        outcomes = []
        for key, text in draft.texts.items():
            attachment = attachments.get(key)
            if attachment is None:
                outcomes.append(left_alone(key, "it was removed from the post meanwhile"))
            elif attachment.lacks_description:
                wanted[key] = text
            elif attachment.description == text:
                # An edit of ours whose answer was lost.
                outcomes.append(Outcome(attachment_id=key, state="described"))
            else:
                outcomes.append(left_alone(key, "it was described by somebody meanwhile"))
        return outcomes + (self._edit(snapshot, wanted) if wanted else [])

    def _snapshot(self, status_id: str) -> Snapshot | None:
        """A status and its source of one and the same version; None while it keeps changing."""
        status = self._client.status(status_id)
        for _ in range(EDIT_ATTEMPTS):
            source = self._source(status_id)
            before, status = status, self._client.status(status_id)
            if edit_fingerprint(before) == edit_fingerprint(status):
                return Snapshot(status=status, source=source)
        return None

    def _source(self, status_id: str) -> Source:
        """The status's source. GoneError if it was deleted, MediaError if it can't be had."""
        try:
            return self._client.source(status_id)
        except GoneError:
            self._client.status(status_id)
            raise MediaError(
                "the server does not tell a post's source, without which an edit would lose "
                "some of it; describe its attachments by hand"
            ) from None

    def _edit(self, snapshot: Snapshot, texts: Mapping[str, str]) -> list[Outcome]:
        """Send the edit and look at what the server made of it."""
        rules = self._dialect.edit
        if rules is None:
            raise MediaError(not_editable(self._dialect))
        body = build_edit(
            snapshot, texts, rules=rules, limit=self._writer.limit, now=datetime.now(UTC)
        )
        result = self._client.edit(snapshot.status.id, body).by_id
        return [
            Outcome(attachment_id=key, state="described")
            if key in result and not result[key].lacks_description
            # Not tried again: everybody who boosted the post is told of every edit.
            else left_alone(key, "the server took the edit without its description; add it by hand")
            for key in texts
        ]


def not_editable(dialect: Dialect) -> str:
    """Why nothing is described on a server that does not take it."""
    return (
        f"{dialect.software} has no edit that changes the description of a posted attachment; "
        f"add it by hand"
    )


def edit_fingerprint(
    status: Status,
) -> tuple[datetime | None, str, tuple[tuple[str, str | None], ...]]:
    """What changes when a status is edited."""
    descriptions = tuple((entry.id, entry.description) for entry in status.attachments)
    return status.edited_at, status.content, descriptions


def outcome_of(attachment_id: str, error: Exception) -> Outcome:
    """What an error means for an attachment: left alone for good, or tried again."""
    if isinstance(error, TemporaryMediaError):
        return to_retry(attachment_id, str(error), retry_after=error.retry_after)
    if isinstance(error, MediaError):
        return left_alone(attachment_id, str(error))
    if not isinstance(error, AlternatorError):
        log.error("attachment %s: unexpected error", attachment_id, exc_info=error)
        return to_retry(attachment_id, f"unexpected {type(error).__name__}: {error}")
    return to_retry(attachment_id, str(error))
