"""What a person asked the bot to do with a post that is described, until it is done, and after.

It goes

    waiting → begun → ended

and is kept from the moment it is asked for, so that it outlives the bot. The bot's main thread,
which makes all edits one after the other, takes one at a time between two posts. It writes down
that it begins before it touches the post: one that is found begun at the next start was cut short,
and its post is looked at before anything is done again (``alternator/bot/cut_short.py``).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["rewrite", "undo", "again"]
MOST_WAITING = 100
MOST_REMEMBERED = 200  # that ended


@dataclass(frozen=True, kw_only=True)
class Errand:
    """``rewrite`` puts ``text`` in the place of our description of an attachment, ``undo`` takes
    that back, ``again`` does so and has the attachment described anew."""

    kind: Kind
    status_id: str
    attachment_id: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class KeptErrand:
    """An errand by its number. ``begun``: the bot has begun it.

    ``sent_since``: a text was sent for its attachment since then. By the order of what is written
    down, since a clock may be set back in between. ``why`` it could not be done: '' if it was, or
    has not ended.
    """

    number: int
    errand: Errand
    begun: bool = False
    sent_since: bool = False
    why: str = ""


class Errands(Protocol):
    """The errands of one account. Any thread and any process may ask; the bot's does them."""

    def ask(self, errand: Errand) -> bool:
        """Hand an errand over. False where too many wait, or this one does already."""

    def next(self, passed_over: Collection[str] = ()) -> KeptErrand | None:
        """The one that has waited for the longest; it waits until its end is told.

        None of the posts ``passed_over``: what is asked of one post is done in its order.
        """

    def get(self, number: int) -> KeptErrand | None:
        """One that waits, by its number; None if it does not, or never did."""

    def begin(self, number: int) -> None:
        """An errand is about to be done. StateError if that can't be written down: do nothing."""

    def end(self, number: int, why: str = "") -> None:
        """An errand was done, or can't be."""

    def waiting(self, status_id: str) -> Sequence[Errand]:
        """What waits for a post, in its order."""

    def ended(self, status_id: str) -> Mapping[str, KeptErrand]:
        """What came of the last errand for each attachment of a post."""
