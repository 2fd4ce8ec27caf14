"""Puts together what all probes found: the machine, as facts."""

from probe.detect.access import judge
from probe.detect.evidence import Evidence
from probe.detect.host import read_host
from probe.detect.kernel import read_nodes
from probe.detect.merge import merge
from probe.detect.probe_result import Context
from probe.detect.run_probes import RunningProbes
from probe.detect.visibility import visibility
from probe.facts import HSA_OVERRIDE, Facts
from probe.frozen_record import replace
from probe.machine.this_machine import Machine
from probe.machine.time_limit import TIMEOUT_S


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
    context = Context(machine=machine or Machine(), timeout_s=timeout_s, memory=memory)
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
        smi_tried=smi.tried,
        smi_answered=smi.answered,
        smi_exit=smi.trace[-1].exit,
        smi_why=smi.trace[-1].why,
        slices_listed=smi.slices_listed,
        kfd_listed=bool(results["kfd"].sightings),
        cuda=results["libcuda"].cuda,
        environ=visibility(machine.environ),
    )
    merged = merge({name: result.sightings for name, result in results.items()})
    return Facts(
        host=host,
        gpus=judge(merged, evidence),
        nodes=evidence.nodes,
        trace=tuple(line for result in results.values() for line in result.trace),
        hsa_override=machine.environ.get(HSA_OVERRIDE),
    )
