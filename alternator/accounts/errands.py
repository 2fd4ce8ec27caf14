"""What a person asks the bot to do with a post that is described: handed over here, done there.

The bot's main thread, which makes all edits one after the other, takes one errand at a time between
two posts. An errand that waits is forgotten with the process: nothing of it was done then.
"""

import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

Kind = Literal["rewrite", "undo", "again"]
MOST_WAITING = 100
MOST_REMEMBERED = 200


@dataclass(frozen=True, kw_only=True)
class Errand:
    """``rewrite`` puts ``text`` in the place of our description of an attachment, ``undo`` takes
    that back, ``again`` does so and has the attachment described anew."""

    kind: Kind
    status_id: str
    attachment_id: str
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What became of an errand: ``why`` it could not be done, '' if it was."""

    errand: Errand
    why: str


class Errands:
    """The errands of one account. Any thread may ask; one thread does them.

    ``wake`` is told of each new one.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards all below
        self._waiting: deque[Errand] = deque()
        self._ended: deque[Ended] = deque(maxlen=MOST_REMEMBERED)
        self.wake: Callable[[], None] = lambda: None  # until somebody does them

    def ask(self, errand: Errand) -> bool:
        """Hand an errand over. False where too many wait, or this one does already."""
        with self._lock:
            if errand in self._waiting or len(self._waiting) >= MOST_WAITING:
                return False
            self._waiting.append(errand)
        self.wake()
        return True

    def next(self, passed_over: Collection[str] = ()) -> Errand | None:
        """The one that has waited for the longest; it waits until its end is told.

        None of the posts ``passed_over``: what is asked of one post is done in its order.
        """
        with self._lock:
            return next((one for one in self._waiting if one.status_id not in passed_over), None)

    def end(self, errand: Errand, why: str = "") -> None:
        """An errand was done, or can't be."""
        with self._lock:
            self._waiting.remove(errand)
            self._ended.append(Ended(errand=errand, why=why))

    def waiting(self, status_id: str) -> list[Errand]:
        """What waits for a post."""
        with self._lock:
            return [errand for errand in self._waiting if errand.status_id == status_id]

    def ended(self, status_id: str) -> dict[str, Ended]:
        """What came of the last errand for each attachment of a post."""
        with self._lock:
            found = [one for one in self._ended if one.errand.status_id == status_id]
        return {one.errand.attachment_id: one for one in found}
