"""The words that the bot's parts share about their work: what is found, claimed, and came of it."""

from dataclasses import dataclass
from typing import Literal

# Waits between the attempts at one attachment; after the last one it is given up.
RETRY_SECONDS = (60.0, 5 * 60.0, 30 * 60.0, 2 * 3600.0, 12 * 3600.0)

FinalState = Literal["described", "left", "failed"]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A status of the account and its attachments that lack a description."""

    status_id: str
    attachment_ids: tuple[str, ...]
    backfill: bool


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A status to work on and those of its attachments that are due."""

    status_id: str
    attachment_ids: tuple[str, ...]
    backfill: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one attachment. ``failed`` is tried again unless it was the last attempt.

    ``retry_after`` overrides the usual wait, in seconds.
    """

    attachment_id: str
    state: FinalState
    reason: str = ""
    retry_after: float | None = None

    def wait_after(self, attempts: int) -> float | None:
        """Seconds until the next attempt after so many; None if there is to be none."""
        if self.state != "failed" or attempts > len(RETRY_SECONDS):
            return None
        return RETRY_SECONDS[attempts - 1] if self.retry_after is None else self.retry_after


def left(attachment_id: str, reason: str) -> Outcome:
    """An attachment that is left alone for good."""
    return Outcome(attachment_id=attachment_id, state="left", reason=reason)


def failed(attachment_id: str, reason: str, *, retry_after: float | None = None) -> Outcome:
    """An attachment that may be described later."""
    return Outcome(
        attachment_id=attachment_id, state="failed", reason=reason, retry_after=retry_after
    )


def order(status_id: str) -> tuple[int, str]:
    """Sorts ids by age: Mastodon's are growing decimal numbers, others' grow as text."""
    return (len(status_id), status_id)
