"""When which part of a stream came in: how late its text is."""

import time
from collections import deque

# Of a client that sends sample by sample not every one is remembered.
APART_SECONDS = 0.05


class Arrivals:
    """Of the sound that is not finished with."""

    def __init__(self) -> None:
        self._known: deque[tuple[float, float]] = deque()  # up to where in the stream, and when
        self._last = 0.0

    @property
    def silence(self) -> float:
        """For how many seconds nothing came; 0 if nothing ever did."""
        return time.monotonic() - self._last if self._last else 0.0

    def note(self, end: float) -> None:
        """The stream came in up to ``end``, now."""
        self._last = now = time.monotonic()
        if self._known and now - self._known[-1][1] < APART_SECONDS:
            now = self._known.pop()[1]
        self._known.append((end, now))

    def since(self, at: float) -> float:
        """How many seconds ago the sound of a moment of the stream came in."""
        when = next((when for end, when in self._known if end >= at), self._last)
        return time.monotonic() - when

    def forget(self, before: float) -> None:
        """What came before that moment of the stream."""
        while self._known and self._known[0][0] <= before:
            self._known.popleft()
