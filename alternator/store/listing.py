"""What is remembered of an account's attachments, for somebody who looks at it page by page.

Looking changes nothing, but for ``retry``, by which a person takes up again what was given up or
left alone.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from alternator.store.outcomes import AttachmentState


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One attachment. Times are Unix times in seconds.

    ``due`` is when one that waits may be claimed, ``found`` when it was met, ``changed`` when it
    came into its state. ``reason`` is '' where none was told.
    """

    status_id: str
    attachment_id: str
    state: AttachmentState
    reason: str
    attempts: int
    backfill: bool
    due: float
    found: float
    changed: float


class Described(NamedTuple):
    """When an attachment was described, and how many seconds after it was met.

    A tuple, since a week's may be ten thousand: a dataclass takes ten times as long to make.
    """

    at: float
    after: float
    backfill: bool


class Listing(Protocol):
    """The attachments of one account. StateError where the store can't be read or written."""

    def page(
        self,
        states: Collection[AttachmentState],
        *,
        most: int,
        skip: int = 0,
        status_id: str | None = None,
    ) -> Sequence[Listed]:
        """Those in these states, what happened last first; of one post where it is named.

        What waits comes as it is due, the next one first, where nothing else is asked for.
        """

    def number(self, states: Collection[AttachmentState], *, status_id: str | None = None) -> int:
        """How many those are, all pages together."""

    def oldest_waiting(self) -> float | None:
        """When the one that waits for the longest was met; None if none waits."""

    def reasons(self, state: AttachmentState, most: int) -> Sequence[tuple[str, int]]:
        """The reasons of those in a state with their numbers, the most frequent first."""

    def described_since(self, moment: float) -> Sequence[Described]:
        """What was described since a time, the oldest first."""

    def retry(self, status_id: str, attachment_id: str | None = None) -> int:
        """Make due what was given up or left alone of a post, or one attachment; their number."""
