"""What access is judged by, and the verdict on one GPU."""

from collections.abc import Mapping, Sequence

from probe.facts import CudaView, Host, HsaView, Node, State
from probe.finding import Finding
from probe.findings.gpu import NodeClosed
from probe.frozen_record import Record

# Drivers of virtual machines (https://docs.kernel.org/driver-api/vfio.html and Xen's pciback).
VIRTUAL = ("vfio-pci", "pci-stub", "xen-pciback", "pciback")


class Evidence(Record):
    """What the probes say beside the sightings of cards."""

    host: Host
    nodes: tuple[Node, ...] = ()
    nvidia_driver: str | None = None  # from /proc/driver/nvidia
    smi_tried: bool = False  # nvidia-smi is installed
    smi_answered: bool = False
    smi_exit: int | None = None
    smi_why: str | None = None
    slices_listed: bool = False  # nvidia-smi -L answered
    kfd_listed: bool = False  # KFD's topology could be read, if only for its CPU nodes
    hsa: HsaView | None = None  # rocminfo's refusal; None where it lists a GPU or was not asked
    cuda: CudaView | None = None  # libcuda's answer; None where it was not asked or did not answer
    environ: Mapping[str, str]  # variables that hide GPUs


class Verdict(Record):
    """A state with what is in the way of using the GPU."""

    state: State = "accessible"
    why: Finding | None = None


def closed_nodes(nodes: Sequence[Node]) -> Verdict | None:
    """A verdict if this user may not open one of the nodes."""
    closed = [node for node in nodes if not node.usable]
    if not closed:
        return None
    groups = tuple(sorted({node.group for node in closed}))
    return Verdict(state="present", why=NodeClosed(path=closed[0].path, groups=groups))
