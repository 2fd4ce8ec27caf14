"""Makes the waits of a cluster's processes shorter, so that tests need not wait for them.

The database's clock can't be made to run faster, as the clock of one bot can (``fast_clock.py``):
so the constants are divided that say how long something is waited for. What they are for each
other stays.
"""

import importlib
import mmap
import struct
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from procrastinate import utils

from alternator.alt_text.language.detect import Detector
from alternator.speech.worker import interpreter
from alternator.store.postgres.time import DatabaseTime

MODULES = (
    "alternator.roles.bot_command",
    "alternator.roles.worker_command",
    "alternator.roles.account_watch",
    "alternator.queue.taking",
    "alternator.website.run",
    "alternator.store.postgres.store",
    "alternator.store.postgres.jobs",
    "procrastinate",
    "psycopg_pool",
)
# Of leases, beats and mending.
BEATS = frozenset(
    {
        "BEAT_SECONDS",
        "BETWEEN_TRIES_SECONDS",
        "CHORES_SECONDS",
        "CLAIMED_SECONDS",
        "FIRST_SECONDS",
        "GONE_RETRY_SECONDS",
        "GONE_SECONDS",
        "GRACE_SECONDS",
        "HEARTBEAT_SECONDS",
        "KNOWN_SECONDS",
        "LEASE_SECONDS",
        "LONGEST_DEAF_SECONDS",
        "LONGEST_FAILING_SECONDS",
        "LONGEST_PAUSE_SECONDS",
        "LOOK_SECONDS",
        "MEND_SECONDS",
        "POLL_SECONDS",
        "REVIEW_SECONDS",
        "SHARE_SECONDS",
        "UNFINISHED_SECONDS",
    }
)
# Of how soon something is tried again: many times shorter still.
TRIES = frozenset(
    {
        "CONFIRM_SECONDS",
        "COURTESY_SECONDS",
        "DEFERRED_SECONDS",
        "EDITING_RETRY_SECONDS",
        "EDIT_FAILED_SECONDS",
        "FIRST_WAIT_SECONDS",
        "LONGEST_BACK_OFF_SECONDS",
        "LONGEST_DELAY_SECONDS",
        "LOOK_AGAIN_SECONDS",
        "POLL_WITHOUT_STREAM_SECONDS",
        "PUT_BACK_SECONDS",
        "REFUSED_SECONDS",
        "REST_SECONDS",
        "RETRY_SECONDS",
        "TO_OTHERS_SECONDS",
        "UNREACHABLE_SECONDS",
    }
)
TRIES_PACE = 20.0


def load() -> None:
    """Import what the roles do, so that a fork need not."""
    for name in MODULES:
        importlib.import_module(name)


def hurry(pace: float, clock: str = "") -> None:
    """Divide the waits of this process. ``clock`` is a file that says how wrong its clock is."""
    if clock:
        set_wrong(clock)
    # A process beside each worker, which takes a second of a core and has no part in this.
    Detector.guess = unknown  # type: ignore[method-assign, assignment]
    if pace == 1.0:
        return
    script = Path(__file__).with_name("hurried_speech.py")
    interpreter.COMMAND = (sys.executable, "-P", str(script), str(pace))
    for module in [one for key, one in sys.modules.items() if key.startswith("alternator")]:
        for names, times in ((BEATS, pace), (TRIES, pace * TRIES_PACE)):
            for name in names & vars(module).keys():
                setattr(module, name, shorter(getattr(module, name), times))


def unknown(detector: Detector, text: str) -> None:
    """In which language a text is."""


def shorter(seconds: Any, pace: float) -> Any:
    """A wait, or several, so many times shorter."""
    if isinstance(seconds, tuple):
        return tuple(one / pace for one in seconds)
    return max(round(seconds / pace), 1) if isinstance(seconds, int) else seconds / pace


def set_wrong(path: str) -> None:
    """Let the clock be wrong by what a file says now (seconds), wherever it is asked for."""
    with Path(path).open("r+b") as file:
        said = mmap.mmap(file.fileno(), 8)
    right = time.time

    def wrong() -> float:
        return right() + float(struct.unpack("d", said[:8])[0])

    time.time = wrong
    # Both took the right one when they were imported.
    DatabaseTime.__init__.__defaults__ = (wrong, time.monotonic)
    utils.utcnow = lambda: datetime.fromtimestamp(wrong(), UTC)


def say_wrong(path: Path, seconds: float) -> None:
    """Set the clock of who was started with this file."""
    if not path.exists():
        path.write_bytes(bytes(8))
    with path.open("r+b") as file:
        file.write(struct.pack("d", seconds))


load()
