"""The requests that the worker holds: those that wait, and those that the engine took."""

import threading
from collections.abc import Callable

from alternator.speech.engines.engine import Request


class NotTakenError(Exception):
    """The engine answered a request that it had not taken: a defect of its."""

    def __init__(self, request_id: str) -> None:
        super().__init__(f"it answered request {request_id!r}, which it had not taken")


class Inbox:
    """The open batch of an engine (Batch). Any thread may call.

    ``on_start`` hears of each request that the engine takes, before the engine has it: should the
    process die of it, the other side knows which one it was.
    """

    def __init__(self, on_start: Callable[[str], None]) -> None:
        self._on_start = on_start
        self._change = threading.Condition()
        self._waiting: dict[str, Request] = {}  # in the order in which they came
        self._running: dict[str, bool] = {}  # the taken ones: whether they were cancelled
        self._closed = False

    @property
    def running(self) -> tuple[str, ...]:
        """The ids of what the engine took and has not answered yet."""
        with self._change:
            return tuple(self._running)

    def add(self, request: Request) -> None:
        """One more waits."""
        with self._change:
            self._waiting[request.id] = request
            self._change.notify()

    def wait(self) -> bool:
        """Until there is a request to take; False if none will come any more."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closed)
            return bool(self._waiting)

    def close(self) -> bool:
        """No request comes any more. Returns whether all that came were answered."""
        with self._change:
            self._closed = True
            self._change.notify()
            return not self._waiting and not self._running

    def take(self, *, urgent: bool = False) -> Request | None:
        """As Batch.take."""
        with self._change:
            waiting = self._waiting.values()
            request = next((one for one in waiting if one.urgent), None)
            if request is None and not urgent:
                request = next(iter(waiting), None)
            if request is None:
                return None
            del self._waiting[request.id]
            self._running[request.id] = False
        self._on_start(request.id)
        return request

    def cancelled(self, request_id: str) -> bool:
        """As Batch.cancelled; False for one that was not taken, or was answered."""
        with self._change:
            return self._running.get(request_id, False)

    def cancel(self, request_id: str) -> bool:
        """Whether it was still waiting: then it is gone. A running one is for the engine to end."""
        with self._change:
            if request_id in self._running:
                self._running[request_id] = True
            return self._waiting.pop(request_id, None) is not None

    def finished(self, request_id: str) -> None:
        """The engine answered it. NotTakenError if it had not taken it."""
        with self._change:
            if request_id not in self._running:
                raise NotTakenError(request_id)
            del self._running[request_id]
