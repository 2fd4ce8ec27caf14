"""What is prepared for a post before its edit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from alternator.bot.other_bot import OtherBot
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Attachment, Status
from alternator.progress import Progress
from alternator.store.outcomes import Claim, Outcome


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What is to be written into a status, and what became of its other attachments.

    ``status`` is the status as the texts were made from it; None if it was gone. ``approved`` is
    the number of the kept draft that the texts are of, which somebody approved; ``note`` is for who
    is to approve these.
    """

    status_id: str
    texts: Mapping[str, str]
    outcomes: tuple[Outcome, ...]
    status: Status | None = None
    approved: int | None = None
    note: str = ""


class Describes(Protocol):
    """Who describes posts: ``alternator.bot.describe.Describer``, or what has its posts' modes."""

    @property
    def client(self) -> MastodonClient: ...

    @property
    def other_bot(self) -> OtherBot: ...

    def undescribed(self, status: Status) -> tuple[Attachment, ...]: ...

    def prepare(self, claim: Claim, *, patient: bool = True, speech: bool = True) -> Draft: ...

    def publish(self, draft: Draft) -> list[Outcome]: ...

    def beside(self, client: MastodonClient, progress: Progress) -> Self: ...


class SpeechNeededError(Exception):
    """A post was to be prepared without transcribing, and these of its attachments need that."""

    def __init__(self, attachment_ids: Iterable[str]) -> None:
        self.attachment_ids = tuple(attachment_ids)
        super().__init__(f"attachments {', '.join(self.attachment_ids)} have to be transcribed")
