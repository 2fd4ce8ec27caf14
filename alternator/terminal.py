"""Lines for a person who typed a command: on standard output, and nothing that a terminal obeys.

What is shown was written by servers and models, so it may hold anything.
"""

import sys
from datetime import UTC, datetime

from alternator.log import CONTROLS


def say(text: str) -> None:
    """Print a text, with what this terminal can't show, or would obey, replaced."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    shown = "\n".join(CONTROLS.sub("\ufffd", line) for line in text.split("\n"))
    print(shown.encode(encoding, "replace").decode(encoding))


def moment(unix_time: float) -> str:
    """A Unix time in seconds, for people."""
    return datetime.fromtimestamp(unix_time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def iso(unix_time: float | None) -> str | None:
    """A Unix time in seconds as JSON has it: ISO 8601 in UTC, null for none."""
    return None if unix_time is None else datetime.fromtimestamp(unix_time, UTC).isoformat()
