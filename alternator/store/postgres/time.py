"""The database's time, so that all who share it have one, whatever their machines' clocks say."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg

log = logging.getLogger(__name__)

# How often it is asked for, in seconds, and how far the machine's clock may be from what it was
# reckoned to be before it is asked for at once: the machine slept, or somebody set the clock.
ASKED_SECONDS = 300.0
STEP_SECONDS = 1.0
# A difference that is told.
TOLD_SECONDS = 60.0


class DatabaseTime:
    """Unix time in seconds by the database's clock, reckoned from when it was asked for last.

    ``clock`` is the machine's, which serves until then. For any thread.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._asked: tuple[float, float, float] | None = None  # database, steady, machine
        self._told = False

    def now(self) -> float:
        """Unix time."""
        asked = self._asked
        if asked is None:
            return self._clock()
        return asked[0] + self._monotonic() - asked[1]

    def is_due(self) -> bool:
        """Whether the database is to be asked."""
        asked = self._asked
        if asked is None:
            return True
        passed = self._monotonic() - asked[1]
        return passed > ASKED_SECONDS or abs(self._clock() - asked[2] - passed) > STEP_SECONDS

    def ask(self, connection: "psycopg.Connection[Any]", name: str) -> None:
        """Ask the database, which ``name`` is the name of in a warning. psycopg.Error."""
        before = self._monotonic()
        row = connection.execute(
            "SELECT extract(epoch FROM clock_timestamp())::double precision"
        ).fetchone()
        assert row is not None
        after, machine = self._monotonic(), self._clock()
        # In the middle of the way there and back.
        there = float(row[0]) + (after - before) / 2
        with self._lock:
            self._asked = (there, after, machine)
            tell = abs(there - machine) > TOLD_SECONDS and not self._told
            self._told = self._told or tell
        if tell:
            log.warning(
                "this machine's clock is %.0f s %s that of %s, whose time is used; set it right "
                "(NTP)",
                abs(there - machine),
                "ahead of" if machine > there else "behind",
                name,
            )
