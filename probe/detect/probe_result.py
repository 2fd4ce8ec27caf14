"""What a probe is given to look with, and what it brings home."""

import time

from probe.detect.waiting import Waiting
from probe.facts import CudaView, HsaView, ModuleFlavour, ProbeTrace, Sighting
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
    module: ModuleFlavour | None = None  # of NVIDIA's kernel module
    cut: bool = False  # the tool was stopped at its work, or died
    named: bool = False  # the tool failed, and named the cards that it fails for
    tried: bool = False  # the tool is installed; of files: what it reads is there
    answered: bool = False
    slices_listed: bool = False
    cuda: CudaView | None = None
    hsa: HsaView | None = None


class Context(Record):
    """Where and how long a probe may look."""

    machine: Machine
    timeout_s: float
    patience_s: float | None = None  # for tools of a driver that is there; None: as ``timeout_s``
    memory: bool = False  # also ask how much memory is free where that wakes the GPU
    waiting: Waiting | None = None  # for NVIDIA's tools, once they are started

    @property
    def tree(self) -> Tree:
        """The machine's files."""
        return self.machine.tree

    def run(
        self, probe: str, *arguments: str, timeout_s: float, waiting: Waiting | None = None
    ) -> tuple[Outcome, ProbeTrace]:
        """Run a tool that bears the probe's name; a missing one is an outcome."""
        given_up = None if waiting is None else lambda: waiting.over
        outcome = self.machine.run(probe, arguments, timeout_s, given_up)
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
