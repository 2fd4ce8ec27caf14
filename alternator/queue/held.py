"""The job that a thread is at, so that whoever is about to change something can ask for it.

A worker that was silent for ``GONE_SECONDS`` is believed dead, and its jobs go to others. If it was
only stopped, or cut off, it goes on in the middle of a post that is another's by now.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job of the queue, and the worker that took it: their rows' numbers."""

    id: int
    worker_id: int


_at_hand: ContextVar[Job | None] = ContextVar("job", default=None)


def job_at_hand() -> Job | None:
    """The job of this thread; None in one that has none."""
    return _at_hand.get()


@contextmanager
def at_hand(job: Job) -> Iterator[None]:
    """A stretch in which this thread does a job."""
    before = _at_hand.set(job)
    try:
        yield
    finally:
        _at_hand.reset(before)
