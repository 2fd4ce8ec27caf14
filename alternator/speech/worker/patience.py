"""How long a worker may be silent or without progress."""

from dataclasses import dataclass

from alternator.errors import WorkerError
from alternator.speech.worker.words import stopped

TICK_SECONDS = 0.5


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """How long the worker may be silent, in seconds; it says something every second.

    ``hung``: then it counts as hung; ``silence``: then it is killed. ``load`` takes the place of
    both while it imports torch, which from a cold disk lets no other thread run. ``stall`` bounds
    the time without any step of work, though the process still answers: a GPU that hangs. A step
    is one pass through the model, or the decoding of the file, which has its own bound of 600 s.
    """

    hung: float = 20.0
    silence: float = 60.0
    load: float = 300.0
    stall: float = 900.0


class Patience:
    """Counts silence and standstill in ticks of this process: while it was itself stopped, nothing
    counts."""

    def __init__(self, deadlines: Deadlines, engine: str) -> None:
        self._deadlines = deadlines
        self._engine = engine
        self._silence = self._stall = 0.0
        self._heard, self._steps = 0.0, 0

    def tick(self, heard: float, steps: int, *, starting: bool) -> WorkerError | None:
        """Why it is over with the worker, None while it is not.

        ``heard`` is when the last frame came, ``steps`` what the last heartbeat said.
        """
        self._silence = 0.0 if heard != self._heard else self._silence + TICK_SECONDS
        self._stall = 0.0 if steps != self._steps else self._stall + TICK_SECONDS
        self._heard, self._steps = heard, steps
        bound = self._deadlines.load if starting else self._deadlines.silence
        if self._silence >= bound:
            return stopped(self._engine, f"was silent for {bound:g} s")
        if self._stall >= self._deadlines.stall:
            return stopped(self._engine, f"made no progress in {self._deadlines.stall:g} s")
        return None

    def rest(self) -> None:
        """Nobody waits for the worker."""
        self._silence = self._stall = 0.0
