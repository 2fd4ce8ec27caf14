"""Reads what ``podman build`` prints and tells a person which step runs and how long it took.

Its lines are ``[1/3] STEP 2/5: RUN ...`` (the first part only where there are several stages) and
``--> Using cache ...``:
https://github.com/containers/buildah/blob/v1.28.0/imagebuildah/stage_executor.go
"""

import re
import time
from collections import deque

from images.build.progress import KEPT_OUTPUT_LINES, WORTH_A_LINE_S, describe
from images.console import StatusLine

STEP = re.compile(r"(?:\[(?P<stage>\d+/\d+)\] )?STEP (?P<number>\d+/\d+): (?P<text>.+)")
CACHED = re.compile(r"--> Using cache ")


class PodmanProgress:
    """Follows one build, as ``images.build.progress.BuildProgress`` does BuildKit's.

    ``failure`` holds the step that ran last and its last output.
    """

    def __init__(self, status: StatusLine) -> None:
        self._status = status
        self._step = ""
        self._started = time.monotonic()
        self._output: deque[str] = deque(maxlen=KEPT_OUTPUT_LINES)
        self.cached = 0

    @property
    def failure(self) -> list[str]:
        """The last step and what it printed: where the build failed, if it did."""
        return [line for line in (self._step, *self._output) if line]

    def feed(self, line: str) -> None:
        """Take one line of the build's output."""
        if match := STEP.match(line):
            self._finish()
            self._step = describe(match["stage"] or "1/1", match["text"])
            self._started = time.monotonic()
            self._output.clear()
        elif CACHED.match(line):
            self.cached += 1
        else:
            self._output.append(line.rstrip())
        self.tick()

    def tick(self) -> None:
        """Redraw the running step with its elapsed time."""
        if self._step:
            self._status.update(self._step)

    def _finish(self) -> None:
        seconds = time.monotonic() - self._started
        if self._step and seconds >= WORTH_A_LINE_S:
            self._status.done(f"{self._step}  {seconds:.1f} s")
