"""What a probe is given to look with, and what it brings home."""

import time

from probe.facts import CudaView, HsaView, ProbeTrace, Sighting
from probe.frozen_record import Record, replace
from probe.machine.files import Tree
from probe.machine.outcome import Outcome
from probe.machine.this_machine import Machine
from probe.numbers import plain


class ProbeResult(Record):
    """What one probe brought home."""

    sightings: tuple[Sighting, ...] = ()
    trace: tuple[ProbeTrace, ...]
    driver: str | None = None
    tried: bool = False  # the tool is installed; of files: what it reads is there
    answered: bool = False
    slices_listed: bool = False
    cuda: CudaView | None = None
    hsa: HsaView | None = None


class Context(Record):
    """Where and how long a probe may look."""

    machine: Machine
    timeout_s: float
    memory: bool = False  # also ask how much memory is free where that wakes the GPU

    @property
    def tree(self) -> Tree:
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
            code=outcome.failure,
            why=outcome.why,
        )
        return outcome, trace


def files_result(name: str, sightings: tuple[Sighting, ...], started: float) -> ProbeResult:
    """The result of a probe that read files; ``started`` is its ``time.monotonic()``."""
    ms = round((time.monotonic() - started) * 1000)
    trace = ProbeTrace(probe=name, ms=ms, found=len(sightings))
    return ProbeResult(sightings=sightings, trace=(trace,), answered=bool(sightings))
