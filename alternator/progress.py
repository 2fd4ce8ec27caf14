"""What long work and whoever waits for it tell each other: one object, handed down as it is.

The work calls; the one who waits answers by raising, which breaks the work off: ``Stopping`` from
the bot, ``KeyboardInterrupt`` from a person. So a long piece of work calls ``beat`` all along, and
holds nothing that an exception from here would leave half done.
"""

import time

from alternator.clock import SYSTEM_CLOCK, Clock


class Progress:
    """Nobody waits: nothing is told, and pauses are slept. The base of all others.

    ``clock`` is the time that whoever waits lives in.
    """

    clock: Clock = SYSTEM_CLOCK

    def beat(self) -> None:
        """The work is alive. Called at least every few seconds, from the thread that works."""

    def pause(self, seconds: float) -> None:
        """Sleep between two tries; a pause is no silence."""
        time.sleep(max(seconds, 0.0))

    def line(self, text: str) -> None:
        """A line for the person who waits: text recognised so far, a model being fetched."""

    def advanced(self, done: float, total: float) -> None:
        """How much of the work is done, in its own unit (seconds of sound, bytes)."""


SILENT = Progress()
