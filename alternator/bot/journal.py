"""Writes down what goes into posts, around each edit: ``alternator/store/edit_history.py``."""

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager

from alternator.alt_text.attribution import is_attributed
from alternator.errors import EditRefusedError, MediaError, TemporaryStateError, UnprovenEditError
from alternator.mastodon.entities import Status
from alternator.store.edit_history import EditHistory, Writing

log = logging.getLogger(__name__)


class Journal:
    """Keeps the history of one account's edits; without one, nothing is kept."""

    def __init__(self, history: EditHistory | None = None) -> None:
        self._history = history

    @contextmanager
    def sending(self, before: Status, texts: Mapping[str, str]) -> Iterator[None]:
        """Around an edit that gives a post, which was ``before`` until now, these texts.

        TemporaryStateError if that can't be written down; then nothing is to be sent. What was lost
        on the way, and so may be in the post or not, stays written down as sent.
        """
        if self._history is not None:
            there = before.by_id
            writings = [
                Writing(
                    attachment_id=key,
                    kind=there[key].type,
                    before=there[key].description,
                    text=text,
                    attribution=attribution_of(text),
                )
                for key, text in texts.items()
            ]
            self._history.sending(before.id, writings)
        try:
            yield
        except (MediaError, EditRefusedError, UnprovenEditError) as error:
            self.refused(before.id, texts, str(error))
            raise

    def written(self, after: Status, attachment_ids: Collection[str]) -> None:
        """A post shows what was sent."""
        if self._history is not None and attachment_ids:
            try:
                self._history.written(after.id, attachment_ids, edited_at=edited_at(after))
            except TemporaryStateError as error:
                log.debug("post %s stays written down as sent: %s", after.id, error)

    def refused(self, status_id: str, attachment_ids: Collection[str], reason: str) -> None:
        """A post does not have what was sent, or was to be."""
        if self._history is not None and attachment_ids:
            try:
                self._history.refused(status_id, attachment_ids, reason)
            except TemporaryStateError as error:
                log.debug("post %s stays written down as sent: %s", status_id, error)


def edited_at(status: Status) -> float | None:
    """When a post was edited last, by its server, as Unix time in seconds."""
    return None if status.edited_at is None else status.edited_at.timestamp()


def attribution_of(text: str) -> str:
    """The line of a description that names the models; '' where it has none."""
    return text.strip().rpartition("\n\n")[2] if is_attributed(text) else ""
