"""What is worth telling of NVIDIA's driver although it is in nobody's way."""

from collections.abc import Iterator, Sequence

from probe.detect.evidence import Evidence
from probe.detect.nvidia_failures import about_the_loader, cuda_failure
from probe.facts import USABLE, Gpu
from probe.finding import Finding
from probe.findings.libcuda import HostLoaderOutvoted, LibcudaNotAwaited
from probe.findings.nvidia_driver import NotAwaited, SlowToAnswer
from probe.machine.time_limit import TIMEOUT_S


def nvidia_notes(gpus: Sequence[Gpu], evidence: Evidence) -> tuple[Finding, ...]:
    """The notes on the driver, where there is a GPU of NVIDIA's to use."""
    usable = any(gpu.vendor == "nvidia" and gpu.state in USABLE for gpu in gpus)
    return tuple(_notes(evidence)) if usable else ()


def _notes(evidence: Evidence) -> Iterator[Finding]:
    if about_the_loader(evidence) and evidence.smi_answered:
        yield HostLoaderOutvoted(why=cuda_failure(evidence))
    if evidence.cuda_late and evidence.smi_listed:
        yield LibcudaNotAwaited()
    seconds = evidence.smi_ms / 1000
    # WSL2 and Jetson have no persistence mode: their drivers never let go of the GPU.
    if seconds < TIMEOUT_S or evidence.host.wsl or evidence.host.tegra:
        return
    if evidence.smi_listed:
        yield SlowToAnswer(seconds=seconds)
    elif not evidence.reached:
        yield NotAwaited(seconds=seconds)
