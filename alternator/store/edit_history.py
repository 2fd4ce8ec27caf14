"""What this program wrote into posts, and what stood there before: enough to put it back.

An entry is made before its text is sent, so that nothing is in a post that is not written down
here. It goes

    sent → written → undone
      ↓ → refused

``sent`` is also what is left of an edit whose answer was lost. A text that is sent again takes the
place of its entry, so there is one for each description, but for one that was undone and written
anew.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

# Entries of an account that are kept, the newest, and some hundreds more until older ones are
# dropped: 10,000 with texts of 400 characters have 6 MB.
MOST_KEPT = 10_000
# How long a post is out of the bot's reach that an undo is at work on and does not come back to:
# longer than its few requests ever take.
HOLD_SECONDS = 600.0
UNDONE = "its description was taken back (alternator undo)"

EditOutcome = Literal["sent", "written", "refused", "undone"]


@dataclass(frozen=True, kw_only=True)
class Writing:
    """One description that is about to be sent.

    ``kind`` is the attachment's type. ``before`` is what the server told: None where it told none,
    which is not the same as an empty text. ``attribution`` is the line of ``text`` that names the
    models, '' where it has none. ``replaces`` is the text of ours that it takes the place of, ''
    where there is none: as long as it is only ``sent``, that one may be there still.
    """

    attachment_id: str
    kind: str
    before: str | None
    text: str
    attribution: str = ""
    replaces: str = ""


@dataclass(frozen=True, kw_only=True)
class PastEdit:
    """One entry. Times are Unix times in seconds.

    ``changed_at`` is when ``outcome`` became so. ``edited_at`` is when the post was edited last, by
    its server, as far as this program's own edits go; None where it told no such time.
    """

    status_id: str
    writing: Writing
    outcome: EditOutcome
    reason: str
    sent_at: float
    changed_at: float
    edited_at: float | None

    @property
    def stands(self) -> bool:
        """Whether its text may be in the post."""
        return self.outcome in ("sent", "written")


class EditHistory(Protocol):
    """The entries of one account. Several processes may use it at the same time."""

    def sending(self, status_id: str, writings: Iterable[Writing]) -> None:
        """These are about to be sent. StateError if that can't be written down: send nothing."""

    def written(
        self, status_id: str, attachment_ids: Collection[str], *, edited_at: float | None
    ) -> None:
        """The post shows these texts, and was edited then, by its server."""

    def refused(self, status_id: str, attachment_ids: Collection[str], reason: str) -> None:
        """These texts were sent, or were to be, and are not in the post."""

    def entries(self, *, status_id: str | None = None, count: int = MOST_KEPT) -> list[PastEdit]:
        """The newest first; of one post where it is named."""

    def texts_of(self, attachment_id: str) -> frozenset[str]:
        """What was sent for an attachment, whichever process of ours did that."""

    def is_busy(self, status_id: str) -> bool:
        """Whether the bot, or an undo, is at work on a post: ``begin_undo`` would be refused."""

    def begin_undo(
        self,
        status_id: str,
        attachment_ids: Sequence[str],
        *,
        alone: bool,
        by_bot: bool = False,
    ) -> bool:
        """Keep the bot from a post until ``end_undo``, and from these attachments for good.

        False, and nothing is changed, while the bot, or another undo, is at work on the post. Where
        no bot is running (``alone``) what it seems to be at is left over from one that was killed.
        What the bot itself began (``by_bot``) is over at its next start, if not before.
        """

    def end_undo(
        self,
        status_id: str,
        attachment_ids: Sequence[str],
        undone: Collection[str],
        *,
        edited_at: float | None = None,
    ) -> None:
        """The undo that was begun with these attachments is over.

        ``undone`` are those of them whose text is gone from the post; the others still have it.
        """
