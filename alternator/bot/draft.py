"""What is prepared for a post before its edit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alternator.mastodon.entities import Status
from alternator.store.outcomes import Outcome


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is to be written into a status, and what became of its other attachments.

    ``status`` is the status as the texts were made from it; None if it was gone.
    """

    status_id: str
    texts: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    status: Status | None = None


class SpeechNeededError(Exception):
    """A post was to be prepared without transcribing, and these of its attachments need that."""

    def __init__(self, attachment_ids: Iterable[str]) -> None:
        self.attachment_ids = tuple(attachment_ids)
        super().__init__(f"attachments {', '.join(self.attachment_ids)} have to be transcribed")
