"""What else is remembered of an account: what was sent and how fast, how far a backfill came.

All of it is for a restart: nobody is told twice in a day, no post is answered twice, an hour's
budget holds, and a backfill goes on where it was.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, Protocol

# "description": a text that a model made; "edit": a post that was edited or answered.
Spent = Literal["description", "edit"]
HOUR_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True)
class BackfillPlace:
    """How far a backfill came.

    ``below`` is the oldest post that it has looked at, None before the first; ``since`` the Unix
    time in seconds before which it wants no post, ``left`` how many more it wants; None: all.
    """

    below: str | None = None
    since: float | None = None
    left: int | None = None
    done: bool = False


class Ledger(Protocol):
    """The ledger of one account. Times are Unix times in seconds. Any thread, any process."""

    def spend(self, what: Spent, number: int = 1) -> None:
        """So many were made or sent just now."""

    def seconds_until_room(self, what: Spent, most: int) -> float:
        """How long there is no room for another one, with ``most`` in an hour; 0.0 if there is."""

    def tell(self, kind: str, *, apart: float) -> bool:
        """Whether something may be said now that is said once in ``apart`` seconds at most.

        If so, it counts as said.
        """

    def last_told(self, kind: str) -> float | None:
        """When it was said last."""

    def answered(self, status_id: str, reply_ids: Collection[str]) -> None:
        """A post was answered with descriptions."""

    def answers_to(self, status_id: str) -> frozenset[str]:
        """The ids of our replies to a post."""

    def backfill(self) -> BackfillPlace | None:
        """How far the last backfill came; None if there was none."""

    def set_backfill(self, place: BackfillPlace) -> None:
        """A backfill came so far."""
