"""Runs all probes at once, each in a thread of its own, within one bound.

Detection changes nothing: it sets no variable and loads no driver.
"""

import threading
import time
from collections.abc import Callable

from probe.detect.kernel import probe_drm, probe_kfd, probe_nvidia_proc, probe_pci
from probe.detect.probe_result import Context, ProbeResult
from probe.detect.tools import (
    probe_amd_smi,
    probe_libcuda,
    probe_nvidia_smi,
    probe_rocm_smi,
    probe_rocminfo,
)
from probe.facts import ProbeTrace

# What the threads get beyond the commands' own bound before they are left behind.
GRACE_S = 0.25

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


class RunningProbes:
    """The probes at work, from the moment that this is made until their results are asked for."""

    def __init__(self, context: Context) -> None:
        self.context = context
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
        late = f"no answer within {timeout_s:g} s"
        ms = self._ms()
        return {
            name: self._results.get(name)
            or ProbeResult(
                trace=(ProbeTrace(probe=name, ms=ms, found=0, code="timeout", why=late),)
            )
            for name in PROBES
        }

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
