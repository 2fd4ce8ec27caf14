"""What becomes of requests whose worker was killed, crashed, hung or ran out of memory.

Nobody knows which of those under way was to blame. So each of them is tried again alone: those
that did nothing finish, and the one that did meets nobody but itself. It is tried with less and
less (``less.py``), then it fails. What its worker had not begun with is asked of the next one as
if nothing had been.
"""

import logging
from collections.abc import Callable

from alternator.errors import AlternatorError, OutOfMemoryError
from alternator.speech.worker.held import Ending, Lost
from alternator.speech.worker.job import Job
from alternator.speech.worker.less import Less, less_than, told
from alternator.speech.worker.protocol import Retried
from alternator.speech.worker.slot import Slot

# How many workers may end under a request that none of them had begun with.
MOST_WORKERS = 3
# How many files one line of the log names.
MOST_NAMES = 5

logger = logging.getLogger(__name__)


class Casualties:
    """``again`` puts a request back among those that wait. For the pool's thread."""

    def __init__(self, again: Callable[[Job], None]) -> None:
        self._again = again

    def lost(self, slot: Slot, job: Job, lost: Lost) -> None:
        """The worker ended without its answer."""
        ending = lost.ending
        if job.cancelled or job.late is not None:
            job.fail(job.late or ending.error)
        elif ending.cause == "asked":
            self._again(job)  # it is not to blame: another one was over its time, say
        elif not lost.begun:
            job.losses += 1
            if job.losses < MOST_WORKERS:
                self._again(job)
            else:
                job.fail(ending.error)
        elif ending.cause == "refused":
            job.fail(ending.error)
        elif self.with_less(slot, job, ending.error):
            slot.struck.append(job)

    def out_of_memory(self, slot: Slot, job: Job, error: OutOfMemoryError) -> None:
        """The worker lives, and had too little memory for this one."""
        if text := self.with_less(slot, job, error):
            logger.warning("%s", text)

    def with_less(self, slot: Slot, job: Job, error: AlternatorError) -> str:
        """Try one again with less than it had there, and tell its requester.

        Returns what was told; '' if nothing is left to try, and it failed.
        """
        job.tries += 1
        job.error = error
        less: Less | None = max(slot.less, Less.BATCH)  # alone for the first time
        if job.need:
            less = less_than(max(job.need, slot.less), slot.load, slot.said)
        if less is None:
            job.fail(given_up(job, told(slot.less, slot.load, slot.said)))
            return ""
        job.need = less
        text = f"{job.name} is tried again {told(less, slot.load, slot.said)}: {error}"
        job.tell(Retried(id=job.id, text=text))
        self._again(job)
        return text

    def ended(self, slot: Slot, ending: Ending) -> None:
        """A worker with a loaded model is over: one line about that, and what it held."""
        struck, slot.struck = slot.struck, []
        if not struck:
            if ending.cause not in ("asked", "refused"):
                logger.warning("%s", ending.error)
            return
        names = ", ".join(job.name for job in struck[:MOST_NAMES])
        names += ", ..." if len(struck) > MOST_NAMES else ""
        with_what = told(struck[0].need, slot.load, slot.said)
        how = f"is tried again {with_what}" if len(struck) == 1 else "are tried again one by one"
        logger.warning("%s. Of what was under way, %s %s", ending.error, names, how)


def less_to_load(slot: Slot, ending: Ending, gpus: int) -> Less | None:
    """With what a place is tried whose model could not be loaded; None if that is of no use.

    A GPU that somebody asked for is not replaced by the CPU in silence, and one of several not at
    all: the others are there.
    """
    if slot.lack is None and ending.cause not in ("died", "memory"):
        return None  # it says what is to be mended
    less = less_than(slot.less, slot.load, slot.said)
    if less == Less.CPU and (slot.load.device != "auto" or gpus > 1):
        return None
    return less


def given_up(job: Job, with_what: str) -> AlternatorError:
    """The last word about one that came to grief each time."""
    assert job.error is not None, "it came to grief"
    if job.tries == 1:
        return job.error
    return type(job.error)(
        f"{job.error}. {job.name} was tried {job.tries} times, the last time {with_what}, and is "
        f"given up"
    )
