"""Advice on the machine as a whole: no builds for it, a tool that failed and left no card."""

from collections.abc import Iterable, Iterator

from probe.detect.nvidia_failures import smi_failure
from probe.facts import Facts, Vendor
from probe.finding import Finding
from probe.findings import gpu, whole_machine
from probe.tables.builds import Table

MAKERS: dict[Vendor, str] = {"nvidia": "NVIDIA", "amd": "AMD", "apple": "Apple"}
# The tools whose failure is worth telling where they leave no card behind.
TOOLS: dict[str, Vendor] = {"nvidia-smi": "nvidia", "rocm-smi": "amd"}


def on_platform(facts: Facts, table: Table) -> Iterator[Finding]:
    """Where the machine itself is in the way."""
    host = facts.host
    if host.os == "windows":
        yield whole_machine.WindowsWithoutWsl()
    elif host.os == "darwin" and host.arch not in table.macos_arch:
        yield whole_machine.MacWithoutBuild(arch=host.arch)
    elif host.os == "darwin":
        pass
    elif host.os != "linux":
        yield whole_machine.SystemWithoutBuild(os=host.os)
    elif host.arch not in table.cpu_arch:
        yield whole_machine.ProcessorWithoutBuild(arch=host.arch, architectures=table.cpu_arch)
    if facts.gpus:
        return
    if host.where.machine == "wsl1":
        yield whole_machine.WslOneHasNoGpu()
    elif host.wsl and any(node.path == "/dev/dxg" for node in facts.nodes):
        why = _under_wsl(facts)
        if why is not None:
            yield why
    elif host.wsl and host.container:
        yield whole_machine.WslContainerWithoutGpu()
    if host.where.sandbox is not None:
        yield whole_machine.SandboxWithoutGpu(kind=host.where.sandbox.capitalize())
    if host.tegra:
        yield whole_machine.JetsonWithoutGpu(mends=table.tegra_remedy)


def builds_nothing(found: Iterable[Finding]) -> bool:
    """Whether what is in the way leaves no build of torch at all: then no GPU is worth mending."""
    without = (whole_machine.ProcessorWithoutBuild, whole_machine.SystemWithoutBuild)
    return any(isinstance(finding, without) for finding in found)


def _under_wsl(facts: Facts) -> Finding | None:
    """Why nothing serves the GPU that Windows hands over.

    None where nvidia-smi's exit code says it: that it is there tells whose card it is, and what it
    says has the remedy for WSL2.
    """
    ran = {line.probe: line.exit for line in facts.trace if line.code != "not-installed"}
    if "nvidia-smi" not in ran and "rocminfo" in ran:
        return gpu.NoKfdUnderWsl()
    known = smi_failure(ran.get("nvidia-smi"), facts.host)
    return None if known is not None else whole_machine.WslWithoutDriver()


def silent_tools(facts: Facts) -> Iterator[Finding]:
    """Installed tools that failed and left no card of their vendor; and what is our own defect."""
    vendors = {gpu.vendor for gpu in facts.gpus}
    for line in facts.trace:
        if line.code == "failed":
            yield whole_machine.ProbeDefect(probe=line.probe, said=line.why or "failed")
            continue
        vendor = TOOLS.get(line.probe)
        if vendor is None or vendor in vendors or line.found:
            continue
        if facts.host.where.machine == "wsl1":  # which has no GPU, whatever a tool needs
            continue
        if line.why is None or line.code == "not-installed":
            continue
        known = smi_failure(line.exit, facts.host) if vendor == "nvidia" else None
        if known is not None:
            yield whole_machine.SilentToolExplained(tool=line.probe, said=line.why, why=known)
        else:
            yield whole_machine.SilentTool(tool=line.probe, said=line.why, maker=MAKERS[vendor])
