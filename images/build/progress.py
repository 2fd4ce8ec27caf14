"""Reads BuildKit's plain progress and tells a person which step runs and how long it took.

Its lines are those of printVtx, and a command's output has its seconds before it (trace.update):
https://github.com/moby/buildkit/blob/master/util/progress/progressui/printer.go
https://github.com/moby/buildkit/blob/master/util/progress/progressui/display.go
What stands in a step's brackets is from prefixCommand and WithInternalName:
https://github.com/moby/buildkit/blob/master/frontend/dockerfile/dockerfile2llb/convert.go
"""

import re
import time
from collections import deque

from images.console import StatusLine

STEP = re.compile(r"#(?P<id>\d+) \[(?P<place>[^\]]+)\] (?P<text>.+)")
DONE = re.compile(r"#(?P<id>\d+) DONE (?P<seconds>[\d.]+)s")
CACHED = re.compile(r"#(?P<id>\d+) CACHED")
NOISE = re.compile(r"--\w|[A-Z_]+=")  # options of RUN, variables set for one command
FAILED = re.compile(r"#(?P<id>\d+) ERROR: (?P<why>.+)")
OUTPUT = re.compile(r"#(?P<id>\d+) [\d.]+ (?P<text>.*)")
EXPORT = re.compile(r"#(?P<id>\d+) exporting to image")
WORTH_A_LINE_S = 1.0
WORTH_MENTIONING_S = 0.4
KEPT_OUTPUT_LINES = 25


class BuildProgress:
    """Follows one build: a line for each step that took time, a count of the cached ones.

    ``failure`` holds the failing step, its last output and the reason, once one has failed.
    """

    def __init__(self, status: StatusLine) -> None:
        self._status = status
        self._steps: dict[str, str] = {}
        self._seen: dict[str, float] = {}
        self._finished: set[str] = set()
        self._output: dict[str, deque[str]] = {}
        self.failure: list[str] = []
        self.cached = 0

    def feed(self, line: str) -> None:
        """Take one line of BuildKit's plain progress; lines of unknown shape are skipped."""
        if match := STEP.match(line):
            if not match["place"].startswith("internal"):
                self._steps[match["id"]] = describe(match["place"], match["text"])
                self._seen.setdefault(match["id"], time.monotonic())
        elif match := EXPORT.match(line):
            self._steps[match["id"]] = "exporting the image"
            self._seen.setdefault(match["id"], time.monotonic())
        elif (match := CACHED.match(line)) and match["id"] in self._steps:
            self.cached += 1
            self._finished.add(match["id"])
        elif match := DONE.match(line):
            self._done(match["id"], float(match["seconds"]))
        elif match := FAILED.match(line):
            step = self._steps.get(match["id"], "")
            output = self._output.get(match["id"], ())
            self.failure = [line for line in (step, *output, match["why"]) if line]
        elif match := OUTPUT.match(line):
            kept = self._output.setdefault(match["id"], deque(maxlen=KEPT_OUTPUT_LINES))
            kept.append(match["text"])
        self.tick()

    def tick(self) -> None:
        """Redraw the running step with its elapsed time."""
        patience = time.monotonic() - WORTH_MENTIONING_S  # a cached step is over before that
        running = [
            text
            for step, text in self._steps.items()
            if step not in self._finished and self._seen[step] <= patience
        ]
        if running:
            self._status.update(running[-1])

    def _done(self, step: str, seconds: float) -> None:
        if step in self._steps and step not in self._finished:
            self._finished.add(step)
            if seconds >= WORTH_A_LINE_S:
                self._status.done(f"{self._steps[step]}  {seconds:.1f} s")


def describe(place: str, instruction: str) -> str:
    """``packages 3/6  sh /scripts/make-environments.sh``: the stage, the step, what it does."""
    words = [word for word in instruction.split() if not NOISE.match(word)]
    verb, rest = words[0], " ".join(words[1:])
    text = rest if verb == "RUN" else f"{verb} {rest}"
    return f"{place}  {text[:60]}{'…' if len(text) > 60 else ''}"
