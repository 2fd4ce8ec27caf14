"""Whether an NVIDIA GPU can be used from here.

The witnesses, in the order in which they are believed; the first that speaks decides:

1. nvidia-smi says that the card is lost, and libcuda does not reach it.
2. The driver runs and is too new for the card, which nothing that it drives lists.
3. libcuda, which is what PyTorch loads: missing in this container; reaches the card; fails; answers
   without the card. It says nothing of a card that a variable hides or another driver has, nor of
   GPUs beside MIG slices. Outside of containers its absence says nothing: it may lie where only
   the container toolkit looks.
4. nvidia-smi lists the card: it talked to the driver, and the driver to the card.
5. Another driver has the card.
6. nvidia-smi lists other cards, and not this one.
7. The device nodes are not there: why differs by where this runs and how nvidia-smi ended.
8. nvidia-smi failed although the nodes are there.
9. The nodes may not be opened by this user.

A card that nothing speaks against is accessible.
"""

import re
from collections.abc import Callable

from probe.detect.evidence import VIRTUAL, Evidence, Verdict, closed_nodes
from probe.detect.merge import Merged
from probe.facts import Node, Sighting
from probe.finding import Finding
from probe.findings import libcuda, nvidia
from probe.findings.gpu import HeldForVm, OtherDriver
from probe.frozen_record import Record
from probe.tables.builds import at_least
from probe.tables.devices import last_driver
from probe.tables.visibility import CONTAINER

CARD = re.compile(r"/dev/nvidia\d+")
CONTROL = ("/dev/nvidiactl", "/dev/dxg")  # Linux, WSL2
DRIVEN = {"nvidia-smi", "libcuda", "nvidia-proc"}  # who lists only what the driver drives
NO_GPUS = ("void", "none", "")  # of NVIDIA_VISIBLE_DEVICES

# nvidia-smi exits with NVML's codes, nvmlReturn_t
# (https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html).
SMI_FAILURES: dict[int, Finding] = {
    6: nvidia.NoDevice(),
    9: nvidia.DriverNotLoaded(),
    12: nvidia.ManagementLibraryMissing(),
    15: nvidia.GpuLost(),
    17: nvidia.Blocked(),
    18: nvidia.LibraryMismatch(),
    255: nvidia.DriverUnknownError(),
}
DEAD = (15, 18, 255)  # the card was there and can't be used until something is done about it

# CUresult of cuInit (https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__TYPES.html).
CUDA_FAILURES: dict[int, Finding] = {
    34: libcuda.LibcudaStub(),
    46: libcuda.InExclusiveUse(),
    100: libcuda.LibcudaNoDevice(),
    802: libcuda.NotReady(),
    803: libcuda.DriverMismatch(),
    804: libcuda.CompatNotSupported(),
    999: libcuda.CudaUnknownError(),
}


class Case(Record):
    """One card with all that may speak for or against it."""

    entry: Merged
    evidence: Evidence
    hidden: bool  # libcuda can't list it: a variable hides it, or it stands beside MIG slices

    @property
    def sighting(self) -> Sighting:
        """What is known of the card."""
        return self.entry.sighting

    @property
    def inside(self) -> bool:
        """Whether this runs in a container."""
        return self.evidence.host.container

    @property
    def bound_to(self) -> str | None:
        """The driver that has the card, where it is not NVIDIA's."""
        driver = self.sighting.kernel_driver
        return None if driver in ("nvidia", "nvgpu") else driver

    @property
    def dropped_after(self) -> str | None:
        """The last driver that serves the card, where the loaded one is newer and lists it not."""
        last, driver = last_driver(self.sighting.compute_capability), self.evidence.nvidia_driver
        if self.bound_to or DRIVEN & self.entry.sources or last is None or driver is None:
            return None
        return last if at_least(driver, str(int(last) + 1)) else None

    @property
    def libcuda_missing(self) -> bool:
        """Whether the library was looked for and is not there."""
        return self.evidence.cuda is not None and self.evidence.cuda.missing is not None

    @property
    def libcuda_speaks(self) -> bool:
        """Whether libcuda's silence on the card means something."""
        answered = self.evidence.cuda is not None and not self.libcuda_missing
        return answered and not self.hidden and self.bound_to is None

    @property
    def nodes(self) -> tuple[list[Node], list[Node]]:
        """The driver's own nodes, and those of cards."""
        nodes = self.evidence.nodes
        cards = [n for n in nodes if CARD.fullmatch(n.path) or n.path == "/dev/dxg"]
        return [n for n in nodes if n.path in CONTROL], cards

    @property
    def missing_node(self) -> str | None:
        """The node that is not there, or None."""
        control, cards = self.nodes
        if control and cards:
            return None
        return "/dev/nvidia0" if control else "/dev/nvidiactl"


def nvidia_verdict(entry: Merged, evidence: Evidence, *, hidden: bool = False) -> Verdict:
    """The state of one NVIDIA GPU; ``hidden`` ones, and GPUs beside slices, libcuda can't list."""
    case = Case(entry=entry, evidence=evidence, hidden=hidden)
    return next((verdict(case) for applies, verdict in RULES if applies(case)), Verdict())


def _present(why: Finding) -> Verdict:
    return Verdict(state="present", why=why)


def _dead(why: Finding) -> Verdict:
    return Verdict(state="dead", why=why)


def _dropped(case: Case) -> Verdict:
    return _present(
        nvidia.DroppedByDriver(
            driver=case.evidence.nvidia_driver or "",
            last=case.dropped_after or "",
            capability=case.sighting.compute_capability,
        )
    )


def _libcuda_failed(case: Case) -> Verdict:
    status = (case.evidence.cuda.status if case.evidence.cuda else None) or 0
    return _dead(CUDA_FAILURES.get(status) or libcuda.CudaError(status=status))


def _bound_elsewhere(case: Case) -> Verdict:
    driver, wanted = case.bound_to or "", "NVIDIA's driver"
    if driver in VIRTUAL:
        return _present(HeldForVm(driver=driver, wanted=wanted))
    if case.evidence.smi_answered:
        return _present(OtherDriver(driver=driver, wanted=wanted, serves_another=True))
    capability = case.sighting.compute_capability
    return _present(nvidia.OtherDriverBound(driver=driver, capability=capability))


def _no_nodes(case: Case) -> Verdict:
    path, evidence = case.missing_node or "", case.evidence
    known = SMI_FAILURES.get(evidence.smi_exit or 0)
    if case.inside:
        given = evidence.environ.get(CONTAINER)
        said = f"{CONTAINER}={given}" if given in NO_GPUS else None
        return _present(nvidia.NotGiven(path=path, said=said))
    if known is not None:
        return _dead(known) if evidence.smi_exit in DEAD else _present(known)
    if evidence.nvidia_driver is not None:
        return _present(nvidia.NodesNotMade(path=path))
    capability = case.sighting.compute_capability
    return _present(nvidia.DriverAbsent(path=path, capability=capability))


def _smi_failed(case: Case) -> Verdict:
    known = SMI_FAILURES.get(case.evidence.smi_exit or 0)
    return _dead(known or nvidia.ToolFailed(said=case.evidence.smi_why))


def _nodes_closed(case: Case) -> Verdict:
    control, cards = case.nodes
    return closed_nodes([*control, *cards]) or Verdict()


Rule = tuple[Callable[[Case], bool], Callable[[Case], Verdict]]

# In the order of the list above.
RULES: tuple[Rule, ...] = (
    (
        lambda case: case.sighting.lost and "libcuda" not in case.entry.sources,
        lambda case: _dead(nvidia.GpuLost()),
    ),
    (lambda case: case.dropped_after is not None, _dropped),
    (
        lambda case: case.inside and case.libcuda_missing,
        lambda case: _present(libcuda.LibcudaNotInContainer()),
    ),
    (lambda case: "libcuda" in case.entry.sources, lambda case: Verdict()),
    (
        lambda case: case.libcuda_speaks and bool(case.evidence.cuda and case.evidence.cuda.status),
        _libcuda_failed,
    ),
    (
        lambda case: case.libcuda_speaks,
        lambda case: _present(libcuda.LibcudaWithoutIt()),
    ),
    (lambda case: "nvidia-smi" in case.entry.sources, lambda case: Verdict()),
    (lambda case: case.bound_to is not None, _bound_elsewhere),
    (lambda case: case.evidence.smi_answered, lambda case: _present(nvidia.NotListed())),
    (lambda case: case.missing_node is not None, _no_nodes),
    (lambda case: case.evidence.smi_tried, _smi_failed),
    (lambda case: True, _nodes_closed),
)
