"""How many windows of unfinished speech are worth to be heard, so that finished speech is not late.

All streams of a model share one. A window that only shows words before they are sure may be left
out; one that ends a sentence may not. So the former have a bounded room, which grows while answers
come in time and is halved when they do not: what TCP does with a network that it knows nothing of
(additive increase, multiplicative decrease: https://www.rfc-editor.org/rfc/rfc5681#section-3.1).
"""

import time

# An answer within so many seconds is in time. Text is wanted 2 s after its words; half a second of
# them goes to the silence after which words are finished.
IN_TIME_SECONDS = 0.7
FIRST_ROOM = 4.0
MOST_ROOM = 256.0
# A window that ends a sentence is better heard with what was said before it (past.py), and later.
# Of that there are so many seconds at first and at most, half of them after an answer that takes
# longer than this, and more with every second that passes. Only where there is time for all of it
# there is time for beams, which take twice as long: 6.7 of 100 words were wrong with them and
# without on eight streams, 5.9 and 7.0 on sixteen; with what was said before 4.8 on the eight.
FIRST_HELP, MOST_HELP = 10.0, 15.0
SOON_SECONDS = 0.5
HELP_PER_SECOND = 0.5
# Where answers take so long on the average of the latest ones, there is more to hear than can be.
TOO_LONG_SECONDS = 1.5
SHARE_OF_LATEST = 0.2


class Pace:
    """Windows that are being heard, of all streams of one model."""

    def __init__(self) -> None:
        self._room = FIRST_ROOM
        self._usual = 0.0  # seconds of an answer
        self._help, self._helped = FIRST_HELP, time.monotonic()
        self._under_way = 0

    @property
    def has_room(self) -> bool:
        """Whether one more window may be heard that could be left out."""
        return self._under_way < max(int(self._room), 1)

    @property
    def help_seconds(self) -> float:
        """How much of what was said before may be heard with a window that ends a sentence."""
        since = time.monotonic() - self._helped
        return min(self._help + HELP_PER_SECOND * since, MOST_HELP)

    @property
    def has_time(self) -> bool:
        """Whether a window that ends a sentence need not be heard in a hurry."""
        return self.help_seconds >= MOST_HELP

    @property
    def in_time(self) -> bool:
        """Whether all can be heard: then finished speech need not wait for what follows it, which
        would be less work."""
        return self._usual <= TOO_LONG_SECONDS

    def began(self) -> None:
        """A window was handed in, whatever for."""
        self._under_way += 1

    def ended(self, seconds: float | None, *, full: bool) -> None:
        """It was answered after so many seconds; None: it was not, as it was cancelled, say.
        ``full``: it may have been heard with what was said before."""
        self._under_way -= 1
        if seconds is None:
            return
        if full:
            self._help = self.help_seconds / (2 if seconds > SOON_SECONDS else 1)
            self._helped = time.monotonic()
        self._usual += SHARE_OF_LATEST * (seconds - self._usual)
        if seconds > IN_TIME_SECONDS:
            self._room = max(self._room / 2, 1.0)
        else:
            self._room = min(self._room + 1 / self._room, MOST_ROOM)
