"""The words that the bot's parts share about their work: what is found, claimed, and came of it."""

from dataclasses import dataclass, field
from typing import Literal

# Waits in seconds between the attempts at one attachment; after the last one it is given up.
RETRY_SECONDS = (60.0, 5 * 60.0, 30 * 60.0, 2 * 3600.0, 12 * 3600.0)
# How long a post is put back that the server does not answer for, time after time: edits that
# fail count towards the server's limit as well.
PUT_BACK_SECONDS = (5.0, 20.0, 60.0, 300.0)

FinalState = Literal["described", "left", "failed"]
AttachmentState = Literal["waiting", "claimed", "described", "left", "failed"]


@dataclass(frozen=True, kw_only=True)
class Cursors:
    """How far an account has been looked through, by ids of statuses; None before the first look.

    ``newest`` is the newest status seen: all up to it are known or need nothing. Statuses up to
    ``floor`` were there before the first start and are out of scope.
    """

    newest: str | None
    floor: str | None


@dataclass(frozen=True, kw_only=True)
class Found:
    """A status of the account and its attachments that lack a description."""

    status_id: str
    attachment_ids: tuple[str, ...]
    backfill: bool


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A status to work on and those of its attachments that are due.

    ``taken_at`` (Unix time in seconds) tells a claim from a later one of the same status, which is
    still equal to it: the work is the same.
    """

    status_id: str
    attachment_ids: tuple[str, ...]
    backfill: bool
    taken_at: float = field(compare=False)


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


def left_alone(attachment_id: str, reason: str) -> Outcome:
    """An attachment that is left alone for good."""
    return Outcome(attachment_id=attachment_id, state="left", reason=reason)


def to_retry(attachment_id: str, reason: str, *, retry_after: float | None = None) -> Outcome:
    """An attachment that may be described later."""
    return Outcome(
        attachment_id=attachment_id, state="failed", reason=reason, retry_after=retry_after
    )


def put_back_seconds(times: int) -> float:
    """How long a post waits that was put back so many times in a row, once at least."""
    return PUT_BACK_SECONDS[min(times, len(PUT_BACK_SECONDS)) - 1]


def by_age(status_id: str) -> tuple[int, str]:
    """Sorts ids by age: Mastodon's are growing decimal numbers, others' grow as text."""
    return (len(status_id), status_id)
