"""What is posted by an account in several posts: each part once, whoever posts it.

Before a word of it is sent, all of it is written down under a key; after each part, the id of its
post. Whoever takes it up again, after a restart or in another process, goes on with the same words
where it was left.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """What is posted, in parts: one after the other, each below the one before.

    ``posts`` are the ids of those that were, '' for one that its author has deleted before its id
    was known. ``is_new``: none can have been posted before. ``at`` is when it was begun, as Unix
    time in seconds.
    """

    parts: tuple[str, ...]
    posts: tuple[str, ...]
    is_new: bool
    at: float

    @property
    def is_done(self) -> bool:
        """Whether all of it is posted, or nothing more of it will be."""
        return len(self.posts) >= len(self.parts)


class Outgoings(Protocol):
    """What one account posts in parts. StateError where the store can't be read or written.

    Any thread, any process; every write is idempotent.
    """

    def sending(self, key: str, parts: Sequence[str]) -> Outgoing:
        """About to post this. What was begun under the same key before goes on as it was."""

    def sent(self, key: str, number: int, post_id: str) -> None:
        """The part with this number, counted from 0, is posted; '' for one that is deleted."""

    def end(self, key: str) -> None:
        """No more of it is posted: what was is taken back."""

    def of(self, key: str) -> Outgoing | None:
        """What is known of it; None if it was never begun."""

    def begun(self, beginning: str) -> Mapping[str, Outgoing]:
        """All that was begun whose key begins so, done or not, by key."""
