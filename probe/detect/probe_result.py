"""What a probe is given to look with, and what it brings home."""

import time
from typing import TYPE_CHECKING

from probe.facts import CudaView, ProbeTrace, Sighting
from probe.frozen_record import Record, replace
from probe.numbers import plain

if TYPE_CHECKING:
    from probe.machine.files import Tree
    from probe.machine.this_machine import Machine

NOT_INSTALLED, NOT_STARTED = "not installed", "can't be started"


class Outcome(Record):
    """How a tool ended. ``exit`` is None where it did not end by itself; then ``why`` says so."""

    exit: int | None
    ms: int
    text: str = ""  # stdout, then stderr
    why: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit == 0 and self.why is None


class Finding(Record):
    """What one probe brought home."""

    sightings: tuple[Sighting, ...] = ()
    trace: tuple[ProbeTrace, ...]
    driver: str | None = None
    tried: bool = False  # the tool is installed
    answered: bool = False
    slices_listed: bool = False
    cuda: CudaView | None = None


class Context(Record):
    """Where and how long a probe may look."""

    machine: "Machine"
    timeout_s: float
    memory: bool = False  # also ask how much memory is free where that wakes the GPU

    @property
    def tree(self) -> "Tree":
        """The machine's files."""
        return self.machine.tree

    def run(self, probe: str, *arguments: str, timeout_s: float) -> tuple[Outcome, ProbeTrace]:
        """Run a tool that bears the probe's name; a missing one is an outcome."""
        outcome = self.machine.run(probe, arguments, timeout_s)
        outcome = replace(outcome, text=plain(outcome.text))
        trace = ProbeTrace(
            probe=probe,
            command=(probe, *arguments),
            exit=outcome.exit,
            ms=outcome.ms,
            found=0,
            why=outcome.why,
        )
        return outcome, trace


def file_finding(name: str, sightings: tuple[Sighting, ...], started: float) -> Finding:
    """The finding of a probe that read files; ``started`` is its ``time.monotonic()``."""
    ms = round((time.monotonic() - started) * 1000)
    trace = ProbeTrace(probe=name, ms=ms, found=len(sightings))
    return Finding(sightings=sightings, trace=(trace,), answered=bool(sightings))
