"""How long NVIDIA's tools are waited for.

Every tool has the usual bound. Where the device nodes of NVIDIA's driver are there, nvidia-smi and
libcuda may only be slow: without persistence mode the driver starts every card for them, 1 to 3 s
each (https://docs.nvidia.com/deploy/driver-persistence/index.html). They may then be at work up to
a longer bound, until one of them has answered: that the driver is awake, and the other one's
silence is its own.
"""

import time


class Waiting:
    """Until when the two are waited for. Their threads and the waiting one share it: each reads and
    replaces one number, which needs no lock."""

    def __init__(self, usual_s: float, longest_s: float) -> None:
        self.usual_s, self.longest_s = usual_s, longest_s
        self._ends = time.monotonic() + longest_s

    @property
    def over(self) -> bool:
        """Whether nobody waits any more."""
        return time.monotonic() >= self._ends

    @property
    def left_s(self) -> float:
        """Seconds until then."""
        return max(0.0, self._ends - time.monotonic())

    def answered(self) -> None:
        """One of the two has ended by itself: the other one gets the usual bound from now."""
        self._ends = min(self._ends, time.monotonic() + self.usual_s)
