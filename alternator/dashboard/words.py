"""Moments, durations and states as a person reads them."""

from collections.abc import Mapping
from datetime import UTC, datetime

from alternator.store.outcomes import AttachmentState

STATES: Mapping[AttachmentState, str] = {
    "waiting": "waiting",
    "claimed": "at work",
    "described": "described",
    "left": "left alone",
    "failed": "given up",
}
STEPS = ((86_400.0, "d"), (3600.0, "h"), (60.0, "min"))


def moment(at: float) -> str:
    """A Unix time in seconds as a day and a time in UTC."""
    return datetime.fromtimestamp(at, UTC).strftime("%d %b %Y, %H:%M UTC")


def iso(at: float) -> str:
    """The same for machines."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def duration(seconds: float) -> str:
    """Some seconds in the unit that suits them."""
    for size, unit in STEPS:
        if seconds >= 0.95 * size:
            number = seconds / size
            return f"{rounded(number)} {unit}"
    return f"{rounded(seconds)} s"


def rounded(number: float) -> str:
    """With one decimal below ten, unless that is nothing."""
    return f"{number:.0f}" if number >= 9.95 else f"{number:.1f}".removesuffix(".0")


def ago(at: float, now: float) -> str:
    """How long it is since a time, or until it."""
    passed = now - at
    if abs(passed) < 1:
        return "now"
    return f"{duration(passed)} ago" if passed > 0 else f"in {duration(-passed)}"
