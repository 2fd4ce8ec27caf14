"""Whether an AMD GPU can be used from here. None of this was tried on real hardware.

The witnesses, in the order in which they are believed; the first that speaks decides:

1. Another driver than amdgpu has the card.
2. Under WSL2 there is no /dev/kfd.
3. rocminfo lists the card: it opened /dev/kfd.
4. On a host, no driver has the card, and KFD's topology can be read, so that amdgpu is at work.
5. /dev/kfd or the card's render node is missing.
6. KFD's topology can be read and has no node for the card: in a container, because what its device
   rules keep out KFD does not let it read either; on a host, because KFD refused it (PCIe atomics,
   firmware), or because no build of torch runs on the part anyway.
7. The nodes may not be opened by this user.
8. rocminfo refuses, or lists processors alone: nodes that seem to be open do not outvote it.

Where a management tool alone lists the card, 4 to 7 are left out: this sysfs shows no trace of it,
so what /dev shows is as little to go by. A card that nothing speaks against is accessible; a proof
comes later and beats all.
(https://rocm.docs.amd.com/projects/install-on-linux/en/latest/install/prerequisites.html)
"""

from probe.detect.evidence import VIRTUAL, Evidence, Verdict, closed_nodes, present
from probe.detect.merge import Merged
from probe.facts import DRI, KFD, Node, Sighting
from probe.finding import Finding
from probe.findings import amd, gpu
from probe.tables.builds import rocm_gfx
from probe.tables.visibility import unreadable

RENDER = f"{DRI}/renderD"
LISTING_ONLY = {"rocm-smi", "amd-smi"}  # tools that read sysfs and open no node


def amd_verdict(entry: Merged, evidence: Evidence, *, hidden: bool = False) -> Verdict:
    """The state of one AMD GPU; ``hidden`` ones rocminfo can't list."""
    sighting, sources = entry.sighting, entry.sources
    kfd = [node for node in evidence.nodes if node.path == KFD]
    if sighting.kernel_driver not in (None, "amdgpu"):
        return present(_other_driver(sighting.kernel_driver, sighting))
    if evidence.host.wsl and not kfd:
        return present(gpu.NoKfdUnderWsl())
    if "rocminfo" in sources:
        return Verdict()
    if not sources <= LISTING_ONLY:
        unlisted = evidence.kfd_listed and "kfd" not in sources
        if unlisted and sighting.kernel_driver is None and not evidence.host.container:
            return present(_untaken(sighting))
        render = _render_nodes(sighting, evidence)
        if not kfd or not render:
            missing = KFD if not kfd else render_node(sighting) or RENDER
            return present(_node_missing(missing, sighting, evidence))
        if unlisted:
            return present(_left_out(sighting, evidence))
        if closed := closed_nodes([*kfd, *render]):
            return closed
    refused = _refused(evidence, hidden=hidden)
    return Verdict() if refused is None else present(refused)


def _untaken(sighting: Sighting) -> Finding:
    """Why a card that amdgpu could have is without a driver."""
    return gpu.LeftOutByKfd() if _without_code(sighting) else amd.AmdNotTaken()


def _without_code(sighting: Sighting) -> bool:
    """Whether the card is known and no build of torch has code for it."""
    return sighting.gfx is not None and sighting.gfx not in rocm_gfx()


def _left_out(sighting: Sighting, evidence: Evidence) -> Finding:
    """Why KFD has no node for a card that has a driver."""
    if evidence.host.container:
        return gpu.AmdKeptOut()
    return amd.AmdRefusedByKfd() if sighting.gfx in rocm_gfx() else gpu.LeftOutByKfd()


def _refused(evidence: Evidence, *, hidden: bool) -> Finding | None:
    """rocminfo's word against the card, if it means the card and not a variable of this process."""
    hsa = evidence.hsa
    if hsa is None:
        return None
    if hsa.refused is not None:
        return amd.RocminfoRefused(said=hsa.refused)
    # With an override that is none HSA finds no GPU at all; no container gets it.
    if hidden or unreadable(evidence.environ):
        return None
    return amd.RocminfoWithoutGpu(processors=hsa.processors)


def _other_driver(driver: str, sighting: Sighting) -> Finding:
    if driver in VIRTUAL:
        return gpu.HeldForVm(driver=driver, wanted="amdgpu")
    useless = _without_code(sighting)
    return gpu.OtherDriver(driver=driver, wanted="amdgpu", without_code=useless)


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
    kind = gpu.AmdNodeMissing if sighting.kernel_driver else gpu.AmdDriverNotLoaded
    return kind(path=path, without_code=_without_code(sighting))
