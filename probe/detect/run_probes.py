"""Runs all probes at once, each in a thread of its own, within one bound.

Detection changes nothing: it sets no variable and loads no driver.
"""

import sys
import threading
import time
from collections.abc import Callable

from probe.detect.kernel import probe_drm, probe_kfd, probe_nvidia_proc, probe_pci
from probe.detect.probe_result import Context, ProbeResult
from probe.detect.tools import (
    CUDA_NODES,
    probe_amd_smi,
    probe_libcuda,
    probe_nvidia_smi,
    probe_rocm_smi,
    probe_rocminfo,
)
from probe.detect.waiting import Waiting
from probe.errors import WAITING_PREFIX
from probe.facts import ProbeTrace
from probe.frozen_record import replace
from probe.machine.this_machine import Machine
from probe.machine.time_limit import read_patience, read_timeout
from probe.machine.variables import TIMEOUT

# What the threads get beyond the commands' own bound before they are left behind.
GRACE_S = 0.25
SLICE_S = 0.1  # the end of a long wait may come nearer while it lasts

# In the order of trust, field by field. The kernel's word on AMD comes before the tools': they
# repeat what HSA_OVERRIDE_GFX_VERSION makes of it. rocm-smi has the names.
PROBES: dict[str, Callable[[Context], ProbeResult]] = {
    "nvidia-smi": probe_nvidia_smi,
    "nvidia-proc": probe_nvidia_proc,
    "kfd": probe_kfd,
    "libcuda": probe_libcuda,
    "rocm-smi": probe_rocm_smi,
    "amd-smi": probe_amd_smi,
    "rocminfo": probe_rocminfo,
    "drm": probe_drm,
    "pci": probe_pci,
}
SLOW = ("nvidia-smi", "libcuda")  # that are waited for longer, where NVIDIA's nodes are there


def to_stderr(line: str) -> None:
    """Tell the user while the probes are at work."""
    print(f"{WAITING_PREFIX}{line}", file=sys.stderr, flush=True)


def start_probes(
    machine: Machine,
    *,
    flag: str | None = None,
    memory: bool = False,
    tell: Callable[[str], None] = to_stderr,
) -> "RunningProbes":
    """The probes at work, with the operator's limits: ``flag`` (seconds), else the environment.

    Raises ``ProbeError`` for a limit that is none.
    """
    context = Context(
        machine=machine,
        timeout_s=read_timeout(machine.environ, flag),
        patience_s=read_patience(machine.environ, flag),
        memory=memory,
    )
    return RunningProbes(context, tell)


class RunningProbes:
    """The probes at work, from the moment that this is made until their results are asked for."""

    def __init__(self, context: Context, tell: Callable[[str], None] = to_stderr) -> None:
        usual_s, patience_s = context.timeout_s, context.patience_s or context.timeout_s
        there = any(context.tree.exists(node) for node in CUDA_NODES)
        self._waiting = Waiting(usual_s, max(usual_s, patience_s) if there else usual_s)
        self.context = context = replace(context, waiting=self._waiting)
        self._tell = tell
        self._results: dict[str, ProbeResult] = {}
        self._defects: dict[str, Exception] = {}
        self._started = time.monotonic()
        # Daemons: a read that hangs in a driver must not keep the program from ending.
        self._threads = [
            threading.Thread(target=self._work, args=item, daemon=True, name=item[0])
            for item in PROBES.items()
        ]
        for thread in self._threads:
            try:
                thread.start()
            except RuntimeError:  # no thread to be had: a container's limit of processes
                thread.run()

    def results(self) -> dict[str, ProbeResult]:
        """What they found, in the order of ``PROBES``; waits for them, and not past the bound."""
        timeout_s = self.context.timeout_s
        deadline = self._started + timeout_s + GRACE_S
        for thread in self._threads:
            if not thread.is_alive():
                continue  # one that could not be started can't be joined
            thread.join(max(0.0, deadline - time.monotonic()))
        self._wait_for_the_slow()
        late = f"no answer within {timeout_s:g} s"
        ms = self._ms()
        return {
            name: self._results.get(name)
            or ProbeResult(
                trace=(ProbeTrace(probe=name, ms=ms, found=0, code="timeout", why=late),)
            )
            for name in PROBES
        }

    def _wait_for_the_slow(self) -> None:
        """Wait on for NVIDIA's tools, as long as they may be only slow; the user is told."""
        slow = [thread for thread in self._threads if thread.name in SLOW and thread.is_alive()]
        if not slow or self._waiting.over:
            return
        names = " and ".join(thread.name for thread in slow)
        seconds = self._waiting.left_s
        self._tell(
            f"for {names}, which may only be slow to wake the GPUs: up to {seconds:.0f} s "
            f"more ({TIMEOUT} sets another limit)"
        )
        for thread in slow:
            while thread.is_alive() and not self._waiting.over:
                thread.join(min(SLICE_S, self._waiting.left_s))
            thread.join(GRACE_S)

    def defects(self) -> list[tuple[str, Exception]]:
        """The probes that failed themselves, each with the error and its trace."""
        return [*self._defects.items()]

    def _work(self, name: str, probe: Callable[[Context], ProbeResult]) -> None:
        try:
            self._results[name] = probe(self.context)
        except Exception as error:  # noqa: BLE001 - told as a defect, and never the end of the program
            self._defects[name] = error
            why = f"failed: {type(error).__name__}: {error}"
            trace = ProbeTrace(probe=name, ms=self._ms(), found=0, code="failed", why=why)
            self._results[name] = ProbeResult(trace=(trace,))

    def _ms(self) -> int:
        return round((time.monotonic() - self._started) * 1000)
