"""Whether an AMD GPU can be used from here. None of this was tried on real hardware.

The witnesses, in the order in which they are believed; the first that speaks decides:

1. Another driver than amdgpu has the card.
2. Under WSL2 there is no /dev/kfd.
3. rocminfo lists the card: it opened /dev/kfd.
4. A management tool alone lists it: this sysfs shows no trace of it, so what /dev shows is as
   little to go by. The tool is the only witness, and the proof comes later.
5. /dev/kfd or the card's render node is missing.
6. KFD lists other cards and not this one: in a container, because what its device rules keep out
   KFD does not let it read either; on a host, because the part can't compute.
7. The nodes may not be opened by this user.

A card that nothing speaks against is accessible.
(https://rocm.docs.amd.com/projects/install-on-linux/en/latest/install/prerequisites.html)
"""

from probe.detect.evidence import VIRTUAL, Evidence, Verdict, closed_nodes
from probe.detect.merge import Merged
from probe.facts import Node, Sighting
from probe.finding import Finding
from probe.findings import gpu

KFD, RENDER = "/dev/kfd", "/dev/dri/renderD"
LISTING_ONLY = {"rocm-smi", "amd-smi"}  # tools that read sysfs and open no node


def amd_verdict(entry: Merged, evidence: Evidence) -> Verdict:
    """The state of one AMD GPU."""
    sighting, sources = entry.sighting, entry.sources
    kfd = [node for node in evidence.nodes if node.path == KFD]
    why: Finding | None = None
    if sighting.kernel_driver not in (None, "amdgpu"):
        why = _other_driver(sighting.kernel_driver)
    elif evidence.host.wsl and not kfd:
        why = gpu.NoKfdUnderWsl()
    elif not ("rocminfo" in sources or sources <= LISTING_ONLY):
        render = _render_nodes(sighting, evidence)
        if not kfd or not render:
            why = _node_missing(
                KFD if not kfd else render_node(sighting) or RENDER, sighting, evidence
            )
        elif evidence.kfd_listed and "kfd" not in sources:
            why = gpu.AmdKeptOut() if evidence.host.container else gpu.LeftOutByKfd()
        else:
            return closed_nodes([*kfd, *render]) or Verdict()
    return Verdict() if why is None else Verdict(state="present", why=why)


def _other_driver(driver: str) -> Finding:
    if driver in VIRTUAL:
        return gpu.HeldForVm(driver=driver, wanted="amdgpu")
    return gpu.OtherDriver(driver=driver, wanted="amdgpu")


def render_node(sighting: Sighting) -> str | None:
    """The path of the card's render node, where its number is known."""
    return None if sighting.render_minor is None else f"{RENDER}{sighting.render_minor}"


def _render_nodes(sighting: Sighting, evidence: Evidence) -> list[Node]:
    if sighting.render_minor is None:
        return [node for node in evidence.nodes if node.path.startswith(RENDER)]
    return [node for node in evidence.nodes if node.path == render_node(sighting)]


def _node_missing(path: str, sighting: Sighting, evidence: Evidence) -> Finding:
    if evidence.host.container:
        return gpu.AmdNotGiven(path=path)
    if sighting.kernel_driver == "amdgpu":
        return gpu.AmdNodeMissing(path=path)
    return gpu.AmdDriverNotLoaded(path=path)
