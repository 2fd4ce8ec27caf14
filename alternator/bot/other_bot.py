"""Notices a second bot of this kind on the account, and gives way to it.

Two bots look at a post at the same moment and edit it twice; each edit is told to everybody who
boosted the post. There is no lock that both could take. So the one that meets a description which
this program wrote, and it did not, lets the other go first for a day.
"""

import logging
import random
import threading
from collections import OrderedDict
from collections.abc import Callable

from alternator.alt_text.attribution import is_attributed
from alternator.mastodon.entities import Attachment
from alternator.mastodon.plain import says
from alternator.progress import Progress
from alternator.store.edit_history import EditHistory

log = logging.getLogger(__name__)

GIVE_WAY_FOR_SECONDS = 24 * 3600.0
# Longer than the other one needs between its look and its edit.
GIVE_WAY_SECONDS = (10.0, 30.0)
REMEMBERED = 200  # descriptions of our own


class OtherBot:
    """What is known of another bot on the account. Any thread may tell and ask.

    ``clock`` gives seconds that nobody sets back; ``history`` tells which texts were sent for an
    attachment by any process of this bot.
    """

    def __init__(
        self,
        progress: Progress,
        clock: Callable[[], float],
        history: EditHistory | None = None,
    ) -> None:
        self._progress = progress
        self._clock = clock
        self._history = history
        self._lock = threading.Lock()
        # By attachment: after an edit that failed, the words before the last may stand there.
        self._ours: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._until: float | None = None
        self._warned = False

    def wrote(self, attachment_id: str, text: str) -> None:
        """This bot is about to give an attachment this description."""
        with self._lock:
            self._ours[attachment_id] = (*self._ours.get(attachment_id, ())[-1:], text)
            if len(self._ours) > REMEMBERED:
                self._ours.popitem(last=False)

    def met(self, attachment: Attachment) -> None:
        """An attachment has a description that appeared meanwhile: is it another bot's?"""
        text = attachment.description or ""
        if not is_attributed(text):
            return
        # A process before this one, or beside it, is no other bot.
        sent = () if self._history is None else self._history.texts_of(attachment.id)
        with self._lock:
            if any(says(text, ours) for ours in (*sent, *self._ours.get(attachment.id, ()))):
                return
            self._until = self._clock() + GIVE_WAY_FOR_SECONDS
            if self._warned:
                return
            self._warned = True
        log.warning(
            "another bot of this kind describes this account's posts (attachment %s); this one "
            "gives way to it for a day: stop one of them",
            attachment.id,
        )

    def seen(self, attachment: Attachment) -> None:
        """An attachment came by: was it described by this bot, and described again by another?"""
        with self._lock:
            ours = attachment.id in self._ours
        if ours and not attachment.lacks_description:
            self.met(attachment)

    def give_way(self) -> None:
        """Wait, if there is another bot, until it has had its turn with this post."""
        with self._lock:
            waits = self._until is not None and self._clock() < self._until
        if waits:
            self._progress.pause(random.uniform(*GIVE_WAY_SECONDS))
