"""What a probe is given to look with, and what it brings home."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from probe.facts import ProbeTrace, Sighting
from probe.files import Tree

# Where vendors install tools that PATH often lacks.
TOOL_DIRECTORIES = ("usr/lib/wsl/lib", "opt/rocm/bin")
NOT_INSTALLED = "not installed"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a tool ended. ``exit`` is None where it did not end by itself; then ``why`` says so."""

    exit: int | None
    ms: int
    text: str = ""  # stdout and stderr together
    why: str | None = None

    @property
    def ok(self) -> bool:
        """Whether it ended by itself with exit code 0."""
        return self.exit == 0 and self.why is None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one probe brought home."""

    sightings: tuple[Sighting, ...] = ()
    trace: tuple[ProbeTrace, ...]
    driver: str | None = None
    tried: bool = False  # the tool is installed
    answered: bool = False
    slices_listed: bool = False


@dataclass(frozen=True, kw_only=True)
class Context:
    """Where and how long a probe may look."""

    tree: Tree
    environ: Mapping[str, str]
    timeout_s: float

    def run(self, probe: str, *arguments: str, timeout_s: float) -> tuple[Outcome, ProbeTrace]:
        """Run a tool that bears the probe's name; a missing one is an outcome."""
        directories = [d for d in self.environ.get("PATH", "").split(os.pathsep) if d]
        directories += [str(self.tree.root / directory) for directory in TOOL_DIRECTORIES]
        executable = find_executable(probe, directories)
        command = (probe, *arguments)
        if executable is None:
            outcome = Outcome(exit=None, ms=0, why=NOT_INSTALLED)
        else:
            # A machine without any tool need not pay for subprocess: a sixth of the whole run.
            from probe.command import run_bounded

            outcome = run_bounded(
                (executable, *arguments), timeout_s=timeout_s, environ=self.environ
            )
        trace = ProbeTrace(
            probe=probe,
            command=command,
            exit=outcome.exit,
            ms=outcome.ms,
            found=0,
            why=outcome.why,
        )
        return outcome, trace


def find_executable(name: str, directories: Sequence[str]) -> str | None:
    """The first executable file of that name, or None. (``shutil`` costs 10 ms to import.)"""
    for directory in directories:
        path = f"{directory or '.'}/{name}"
        if os.access(path, os.X_OK) and not os.path.isdir(path):  # noqa: PTH112 - as above
            return path
    return None


def file_finding(name: str, sightings: tuple[Sighting, ...], started: float) -> Finding:
    """The finding of a probe that read files; ``started`` is its ``time.monotonic()``."""
    ms = round((time.monotonic() - started) * 1000)
    trace = ProbeTrace(probe=name, ms=ms, found=len(sightings))
    return Finding(sightings=sightings, trace=(trace,), answered=bool(sightings))
