"""The words that the bot's parts share about their work: what is found, claimed, and came of it."""

from dataclasses import dataclass, field
from typing import Literal

# Waits in seconds between the attempts at one attachment; after the last one it is given up.
RETRY_SECONDS = (60.0, 5 * 60.0, 30 * 60.0, 2 * 3600.0, 12 * 3600.0)
# But never sooner than this after the first attempt: six of them may pass within minutes, by
# waits that an outcome names itself, or by six SIGKILLs.
GIVE_UP_SECONDS = 12 * 3600.0
# No wait is longer. One that is, when it is read, was made by a clock that was wrong.
LONGEST_WAIT_SECONDS = 12 * 3600.0
# How far apart in time a server must have said twice that there is nothing to describe.
CONFIRM_SECONDS = 600.0
# Waits for what somebody else has to mend (the vision endpoint): for ever, but no longer each.
DEFERRED_SECONDS = (60.0, 5 * 60.0, 15 * 60.0, 3600.0)
# How long a post is put back that the server does not answer for, time after time; one whose edit
# fails goes on to the longer ones, since edits that fail count towards the server's limit as well.
PUT_BACK_SECONDS = (5.0, 20.0, 60.0, 300.0)
EDIT_FAILED_SECONDS = (900.0, 3600.0)
# So often a post is taken up at once again on which the bot was killed. After that it waits, so
# that one which takes the bot down leaves the others their turn.
FREE_INTERRUPTIONS = 2

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
    """A status of the account and its attachments that lack a description.

    ``speech`` are those of them that are transcribed, which may take minutes.
    """

    status_id: str
    attachment_ids: tuple[str, ...]
    backfill: bool
    speech: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A status to work on and those of its attachments that are due.

    ``taken_at`` (Unix time in seconds) tells a claim from a later one of the same status, which is
    still equal to it: the work is the same. ``speech``: one of them at least is transcribed.
    """

    status_id: str
    attachment_ids: tuple[str, ...]
    backfill: bool
    taken_at: float = field(compare=False)
    speech: bool = field(default=False, compare=False)


@dataclass(frozen=True, kw_only=True)
class History:
    """What is known of an attachment when an outcome comes in. Times are in seconds.

    ``attempts`` counts this one too, and ``tried_for`` is how long ago the first one began.
    ``said_for`` is how long ago it was first said, in a row, that it be left; None if it was not.
    ``deferred`` is how often in a row it waited without an attempt being counted.
    """

    attempts: int
    tried_for: float
    said_for: float | None = None
    deferred: int = 0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one attachment. ``failed`` is tried again unless it was the last attempt.

    ``retry_after`` overrides the usual wait, in seconds. An outcome that is not ``sure`` was said
    by one answer of a server: ``left`` is then final only when it is said again, CONFIRM_SECONDS
    later at least, with no other outcome in between. One that does not ``counts`` is somebody
    else's failure, such as the vision endpoint's: it uses up no attempt, however often it comes.
    What was ``described`` ``earlier`` has its text of an edit that was made before: that does not
    tell that edits succeed now.
    """

    attachment_id: str
    state: FinalState
    reason: str = ""
    retry_after: float | None = None
    sure: bool = True
    counts: bool = True
    earlier: bool = False

    @property
    def uses_attempt(self) -> bool:
        """Whether the attempt that led to it is one of the limited number."""
        return self.counts and (self.sure or self.state != "left")

    def wait_after(self, history: History) -> float | None:
        """Seconds until it is looked at again; None if it is not."""
        if self.state == "left" and not self.sure:
            left = CONFIRM_SECONDS - (history.said_for or 0.0)
            return left if left > 0 else None
        if self.state != "failed":
            return None
        if not self.counts:
            step = step_of(DEFERRED_SECONDS, history.deferred + 1)
            return min(max(step, self.retry_after or 0.0), DEFERRED_SECONDS[-1])
        wait = wait_after_failure(history.attempts, history.tried_for)
        if wait is None or self.retry_after is None or history.attempts > len(RETRY_SECONDS):
            return wait
        return min(self.retry_after, LONGEST_WAIT_SECONDS)


def left_alone(attachment_id: str, reason: str, *, sure: bool = True) -> Outcome:
    """An attachment that is left alone for good, once that is sure."""
    return Outcome(attachment_id=attachment_id, state="left", reason=reason, sure=sure)


def to_retry(
    attachment_id: str, reason: str, *, retry_after: float | None = None, counts: bool = True
) -> Outcome:
    """An attachment that may be described later."""
    return Outcome(
        attachment_id=attachment_id,
        state="failed",
        reason=reason,
        retry_after=retry_after,
        counts=counts,
    )


def wait_after_failure(attempts: int, tried_for: float) -> float | None:
    """Seconds until the next attempt after so many within so many seconds; None: given up.

    Where the attempts were used up too soon, it waits as long again as it was tried.
    """
    if attempts <= len(RETRY_SECONDS):
        return step_of(RETRY_SECONDS, attempts)
    if tried_for >= GIVE_UP_SECONDS:
        return None
    return max(tried_for, RETRY_SECONDS[0])


def wait_after_interruption(attempts: int, tried_for: float) -> float | None:
    """The same after an end of the bot in the middle of an attempt. The first ones are free."""
    if attempts <= FREE_INTERRUPTIONS:
        return 0.0
    if attempts > len(RETRY_SECONDS) and tried_for >= GIVE_UP_SECONDS:
        return None
    return step_of(RETRY_SECONDS, attempts - FREE_INTERRUPTIONS)


def put_back_seconds(times: int, *, edit_failed: bool = False) -> float:
    """How long a post waits that was put back so many times in a row, once at least."""
    waits = (*PUT_BACK_SECONDS, *EDIT_FAILED_SECONDS) if edit_failed else PUT_BACK_SECONDS
    return step_of(waits, times)


def step_of(waits: tuple[float, ...], times: int) -> float:
    """The wait after so many times in a row, once at least; the last one for all that follow."""
    return waits[min(times, len(waits)) - 1]


def by_age(status_id: str) -> tuple[int, str]:
    """Sorts ids by age: Mastodon's are growing decimal numbers, others' grow as text."""
    return (len(status_id), status_id)
