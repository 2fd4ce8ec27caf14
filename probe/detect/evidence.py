"""What access is judged by, and the verdict on one GPU."""

from collections.abc import Mapping, Sequence

from probe.facts import CudaView, Host, HsaView, ModuleFlavour, Node, Sighting, State
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
    module: ModuleFlavour | None = None  # of NVIDIA's kernel module, from the same place
    confidential: bool = False  # a virtual machine whose memory its host can't read
    smi_tried: bool = False  # nvidia-smi is installed
    smi_answered: bool = False
    smi_cut: bool = False  # it was stopped at its work, or died; rows may have come before
    smi_named: bool = False  # it failed, and named the cards that it fails for
    smi_ms: int = 0  # that all its answers took
    smi_exit: int | None = None
    smi_why: str | None = None
    slices_listed: bool = False  # nvidia-smi -L answered
    kfd_listed: bool = False  # KFD's topology could be read, if only for its CPU nodes
    hsa: HsaView | None = None  # rocminfo's refusal; None where it lists a GPU or was not asked
    reached: tuple[Sighting, ...] = ()  # NVIDIA's cards that nvidia-smi or libcuda lists
    cuda: CudaView | None = None  # libcuda's answer; None where it was not asked or did not answer
    cuda_late: bool = False  # libcuda was asked, and had no answer when its time was up
    environ: Mapping[str, str]  # variables that hide GPUs

    @property
    def smi_listed(self) -> bool:
        """Whether nvidia-smi came to the end of its list, so that its silence on a card counts."""
        return self.smi_answered and not self.smi_cut


class Verdict(Record):
    """A state with what is in the way of using the GPU."""

    state: State = "accessible"
    why: Finding | None = None


def present(why: Finding) -> Verdict:
    """The GPU is there and can't be used from here."""
    return Verdict(state="present", why=why)


def closed_nodes(nodes: Sequence[Node]) -> Verdict | None:
    """A verdict if this user may not open one of the nodes."""
    closed = [node for node in nodes if not node.usable]
    if not closed:
        return None
    groups = tuple(sorted({node.group for node in closed}))
    return present(NodeClosed(path=closed[0].path, groups=groups))
