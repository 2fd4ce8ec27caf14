"""The requests that a worker holds, as the asking side counts them."""

import copy
import queue
import threading
from dataclasses import dataclass

from alternator.errors import AlternatorError
from alternator.speech.engines.engine import Done, Failed
from alternator.speech.worker.protocol import Answer, Started


@dataclass(frozen=True, kw_only=True)
class Lost:
    """The worker ended without an answer. ``again``: it had not begun with the request, and
    another worker may be asked."""

    error: AlternatorError
    again: bool


# What came about one request. Whoever made it reads there, in its own thread.
Mailbox = queue.SimpleQueue[Answer | Lost]


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

    def lose(self, error: AlternatorError, *, again: bool) -> None:
        """The worker is over: the last word to all. ``again`` holds for what it had not begun."""
        with self._lock:
            self._closed = True
            held, self._mailboxes = self._mailboxes, {}
        for request_id, mailbox in held.items():
            begun = request_id in self._started
            mailbox.put(Lost(error=copy.copy(error), again=again and not begun))
