"""Runs all probes at once and puts their findings together: the machine, as facts.

Detection changes nothing: it sets no variable and loads no driver.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from probe.access import judge
from probe.evidence import Evidence
from probe.facts import Facts, ProbeTrace
from probe.finding import Context, Finding
from probe.kernel import (
    probe_drm,
    probe_kfd,
    probe_nvidia_proc,
    probe_pci,
    read_host,
    read_nodes,
)
from probe.machine import Machine
from probe.merge import merge
from probe.tools import (
    probe_amd_smi,
    probe_libcuda,
    probe_nvidia_smi,
    probe_rocm_smi,
    probe_rocminfo,
)
from probe.visibility import NAMES

TIMEOUT_S = 5.0
# What the threads get beyond the commands' own bound before they are left behind.
GRACE_S = 0.25

# In the order of trust, field by field. The kernel's word on AMD comes before the tools': they
# repeat what HSA_OVERRIDE_GFX_VERSION makes of it. rocm-smi has the names.
PROBES: dict[str, Callable[[Context], Finding]] = {
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


def collect(
    *,
    machine: Machine | None = None,
    timeout_s: float = TIMEOUT_S,
    memory: bool = False,
) -> Facts:
    """Look at a machine: this one, unless another is given.

    ``memory`` also asks how much memory is free where that wakes the GPU. Takes no longer than
    ``timeout_s`` (seconds) and a grace, whatever the tools do. Never raises for what it finds or
    does not find.
    """
    machine = machine or Machine()
    context = Context(machine=machine, timeout_s=timeout_s, memory=memory)
    findings = _run_all(context)
    smi = findings["nvidia-smi"]
    host = read_host(machine)
    if any(sighting.kernel_driver == "nvgpu" for sighting in smi.sightings):
        host = replace(host, tegra=True)
    evidence = Evidence(
        host=host,
        nodes=read_nodes(context.tree),
        nvidia_driver=findings["nvidia-proc"].driver,
        smi_tried=smi.tried,
        smi_answered=smi.answered,
        smi_exit=smi.trace[-1].exit,
        smi_why=smi.trace[-1].why,
        slices_listed=smi.slices_listed,
        kfd_listed=bool(findings["kfd"].sightings),
        cuda=findings["libcuda"].cuda,
        environ={name: machine.environ[name] for name in NAMES if name in machine.environ},
    )
    merged = merge({name: finding.sightings for name, finding in findings.items()})
    return Facts(
        host=host,
        gpus=judge(merged, evidence),
        nodes=evidence.nodes,
        trace=tuple(line for finding in findings.values() for line in finding.trace),
    )


def _run_all(context: Context) -> dict[str, Finding]:
    """Every probe in a thread of its own; in the order of ``PROBES``, whoever ends first."""
    results: dict[str, Finding] = {}
    started = time.monotonic()

    def work(name: str, probe: Callable[[Context], Finding]) -> None:
        try:
            results[name] = probe(context)
        except Exception as error:  # a probe that fails is a finding, never the end of the program
            ms = round((time.monotonic() - started) * 1000)
            why = f"failed: {type(error).__name__}: {error}"
            results[name] = Finding(trace=(ProbeTrace(probe=name, ms=ms, found=0, why=why),))

    # Daemons: a read that hangs in a driver must not keep the program from ending.
    threads = [
        threading.Thread(target=work, args=item, daemon=True, name=item[0])
        for item in PROBES.items()
    ]
    for thread in threads:
        thread.start()
    deadline = started + context.timeout_s + GRACE_S
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    elapsed = round((time.monotonic() - started) * 1000)
    late = f"no answer within {context.timeout_s:g} s"
    return {
        name: results.get(name)
        or Finding(trace=(ProbeTrace(probe=name, ms=elapsed, found=0, why=late),))
        for name in PROBES
    }
