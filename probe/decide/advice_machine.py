"""Advice on the machine as a whole: no builds for it, a tool that failed and left no card."""

from collections.abc import Iterator

from probe.detect.access_nvidia import smi_failure
from probe.facts import Facts, Vendor
from probe.tables.builds import Table

MAKERS: dict[Vendor, str] = {"nvidia": "NVIDIA", "amd": "AMD", "apple": "Apple"}
# The tools whose failure is worth telling where they leave no card behind.
TOOLS: dict[str, Vendor] = {"nvidia-smi": "nvidia", "rocm-smi": "amd"}


def on_platform(facts: Facts, table: Table) -> Iterator[str]:
    """Where the machine itself is in the way."""
    host = facts.host
    if host.os == "windows":
        yield "the containers are Linux's: run this inside WSL2 (wsl --install)"
    elif host.os == "darwin" and host.arch not in table.macos_arch:
        yield (
            f"torch has no build for macOS on {host.arch} any more; the CPU image runs in a "
            f"container all the same"
        )
    elif host.os == "darwin":
        pass
    elif host.os != "linux":
        yield f"torch has no build for {host.os}: the containers want Linux"
    elif host.arch not in table.cpu_arch:
        yield (
            f"torch has no build for {host.arch}: use a machine of {' or '.join(table.cpu_arch)}"
        )
    if facts.gpus:
        return
    if host.wsl and any(node.path == "/dev/dxg" for node in facts.nodes):
        yield (
            "Windows hands a GPU over (/dev/dxg) and no driver of NVIDIA's answers: for a card of "
            "NVIDIA's install its driver in Windows, then wsl --shutdown; no build of torch here "
            "serves other makers' under WSL2"
        )
    elif host.wsl and host.container:
        yield "no GPU is visible in this container; if there is one: start it with --gpus all"
    if host.tegra:
        yield f"nothing shows this Jetson's GPU; {table.tegra_remedy}"


def silent_tools(facts: Facts) -> Iterator[str]:
    """Installed tools that failed and left no card of their vendor."""
    vendors = {gpu.vendor for gpu in facts.gpus}
    for line in facts.trace:
        vendor = TOOLS.get(line.probe)
        if vendor is None or vendor in vendors or line.found or line.why in (None, "not installed"):
            continue
        known = smi_failure(line.exit, facts.host.container) if vendor == "nvidia" else None
        if known is not None:
            yield (f"{line.probe}: {line.why} ({known[0]}); if there is an NVIDIA GPU: {known[1]}")
        else:
            yield f"{line.probe}: {line.why}; if there is an {MAKERS[vendor]} GPU, mend its driver"
