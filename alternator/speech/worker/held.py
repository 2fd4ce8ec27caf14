"""The requests that a worker holds, as the asking side counts them."""

import threading
from dataclasses import dataclass
from typing import Literal, Protocol

from alternator.errors import AlternatorError, OutOfMemoryError
from alternator.speech.engines.engine import Done, Failed
from alternator.speech.worker.protocol import Answer, Fatal, Started

# "asked": by whoever uses it. "hung": silent, or without progress, for too long. "died": of a
# signal, a defect, by itself. "memory": it ran out, as it says itself. "refused": it said what is
# to be mended, or was not understood; another would end so too.
Cause = Literal["asked", "hung", "died", "memory", "refused"]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Why a worker is over, or about to be."""

    error: AlternatorError
    cause: Cause


def cause_of(fatal: Fatal) -> Cause:
    """What a worker's last word is about. A trace belongs to a defect."""
    if isinstance(fatal.error, OutOfMemoryError):
        return "memory"
    return "died" if fatal.trace else "refused"


@dataclass(frozen=True, kw_only=True)
class Lost:
    """The worker ended without an answer. ``begun``: its engine had taken the request."""

    ending: Ending
    begun: bool


class Mailbox(Protocol):
    """What came about one request is put here, by any thread: a queue, say."""

    def put(self, item: Answer | Lost, /) -> None: ...


class HeldRequests:
    """Each request's mailbox, from its sending to its last word. Any thread may call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the next three
        self._mailboxes: dict[str, Mailbox] = {}
        self._started: set[str] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._mailboxes)

    def __contains__(self, request_id: str) -> bool:
        return request_id in self._mailboxes

    def add(self, request_id: str, mailbox: Mailbox) -> bool:
        """One more; False if the worker is over, and all that it held was told so."""
        with self._lock:
            if not self._closed:
                self._mailboxes[request_id] = mailbox
            return not self._closed

    def deliver(self, answer: Answer) -> None:
        """Put an answer into its request's mailbox; Done and Failed are the last one."""
        with self._lock:
            mailbox = self._mailboxes.get(answer.id)
            if isinstance(answer, Started):
                self._started.add(answer.id)
            elif isinstance(answer, Done | Failed):
                self._mailboxes.pop(answer.id, None)
                self._started.discard(answer.id)
        if mailbox is not None:
            mailbox.put(answer)

    def lose(self, ending: Ending) -> None:
        """The worker is over: the last word to all."""
        with self._lock:
            self._closed = True
            held, self._mailboxes = self._mailboxes, {}
        for request_id, mailbox in held.items():
            mailbox.put(Lost(ending=ending, begun=request_id in self._started))
