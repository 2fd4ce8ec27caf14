"""Puts together what all probes found: the machine, as facts."""

from probe.detect.access import judge
from probe.detect.evidence import Evidence
from probe.detect.host import read_host
from probe.detect.kernel import CONFIDENTIAL_MARKS, read_nodes
from probe.detect.merge import merge
from probe.detect.nvidia_case import REACHED
from probe.detect.nvidia_notes import nvidia_notes
from probe.detect.probe_result import Context
from probe.detect.run_probes import RunningProbes
from probe.detect.visibility import visibility
from probe.facts import HSA_OVERRIDE, Facts
from probe.frozen_record import replace
from probe.machine.this_machine import Machine
from probe.machine.time_limit import PATIENCE_S, TIMEOUT_S


def collect(
    *,
    machine: Machine | None = None,
    timeout_s: float | None = None,
    memory: bool = False,
) -> Facts:
    """Look at a machine: this one, unless another is given.

    ``memory`` also asks how much memory is free where that wakes the GPU. Takes no longer than
    ``timeout_s`` (seconds) and a grace, whatever the tools do; without it, as long as the probe
    itself (``time_limit``). Never raises for what it finds or does not find.
    """
    context = Context(
        machine=machine or Machine(),
        timeout_s=timeout_s or TIMEOUT_S,
        patience_s=timeout_s or PATIENCE_S,
        memory=memory,
    )
    return facts_from(RunningProbes(context))


def facts_from(running: RunningProbes) -> Facts:
    """The facts, once all probes have answered or their time is up."""
    context = running.context
    machine = context.machine
    results = running.results()
    smi = results["nvidia-smi"]
    host = read_host(machine)
    if any(sighting.kernel_driver == "nvgpu" for sighting in smi.sightings):
        host = replace(host, tegra=True)
    evidence = Evidence(
        host=host,
        nodes=read_nodes(context.tree),
        nvidia_driver=results["nvidia-proc"].driver,
        module=results["nvidia-proc"].module,
        confidential=any(context.tree.exists(mark) for mark in CONFIDENTIAL_MARKS),
        smi_tried=smi.tried,
        smi_answered=smi.answered,
        smi_cut=smi.cut,
        smi_named=smi.named,
        smi_ms=sum(line.ms for line in smi.trace),
        smi_exit=smi.trace[-1].exit,
        smi_why=smi.trace[-1].why,
        slices_listed=smi.slices_listed,
        kfd_listed=results["kfd"].tried,
        hsa=results["rocminfo"].hsa,
        cuda=results["libcuda"].cuda,
        cuda_late=any(line.code == "timeout" for line in results["libcuda"].trace),
        environ=visibility(machine.environ),
    )
    merged = merge({name: result.sightings for name, result in results.items()})
    reached = [m.sighting for m in merged if m.sighting.vendor == "nvidia" and REACHED & m.sources]
    evidence = replace(
        evidence, reached=tuple(s for s in reached if s.fault is None and s.slice_of is None)
    )
    gpus = judge(merged, evidence)
    return Facts(
        host=host,
        gpus=gpus,
        notes=nvidia_notes(gpus, evidence),
        nodes=evidence.nodes,
        trace=tuple(line for result in results.values() for line in result.trace),
        hsa_override=machine.environ.get(HSA_OVERRIDE),
    )
