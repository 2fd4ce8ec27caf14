"""What a person wants to know of an account's queue, at one look."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alternator.store.asked import AskingState
from alternator.store.outcomes import AttachmentState


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """An attachment that was given up, or that is tried again, and why. Times are Unix times."""

    status_id: str
    attachment_id: str
    attempts: int
    reason: str
    since: float
    again: float | None  # when it is tried again; None: not any more


@dataclass(frozen=True, kw_only=True)
class Overview:
    """Attachments by state, and what stands out. Times are Unix times in seconds.

    ``oldest`` is when the one was met that waits longest, ``last`` when a description was written
    last, as far as the history goes; None where there is none. ``troubles`` are the newest of
    them, those given up first. ``asked`` are posts of others, by what became of the asking.
    """

    counts: Mapping[AttachmentState, int]
    oldest: float | None
    last: float | None
    halted: str | None
    troubles: tuple[Trouble, ...]
    asked: Mapping[AskingState, int] = field(default_factory=dict)
