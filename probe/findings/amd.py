"""How AMD's own driver and tools say no to a card that is there."""

from probe.finding import Finding
from probe.findings.gpu import IN_LXC, IN_POD, LOOK_FOR_KFD, START
from probe.frozen_record import replace
from probe.steps import Command, OfSystem

NEWER_SYSTEM = (
    "a card newer than the system needs a newer kernel (or AMD's amdgpu-dkms) and linux-firmware, "
    "and a reboot"
)
LOOK_FOR_AMDGPU = Command(
    run="dmesg | grep amdgpu",
    root=True,
    does="see why",
    otherwise="see what the kernel's log says of amdgpu",
)


class AmdNotTaken(Finding):
    """amdgpu is at work and has not taken the card, whose code torch has: it is too old for it."""

    code = "amd-not-taken"
    says = "amdgpu has not taken it: no driver has the card"
    # https://docs.kernel.org/gpu/amdgpu/amd-hardware-list-info.html
    steps = (LOOK_FOR_AMDGPU, NEWER_SYSTEM, OfSystem(what="amd-driver"))


class AmdRefusedByKfd(Finding):
    """amdgpu has the card and KFD refused it, though torch has code for it."""

    code = "amd-refused-by-kfd"
    says = "amdgpu has the card, and KFD does not offer it for computing"
    # https://github.com/ROCm/legacy-rocm-build/issues/910, https://github.com/ROCm/amdgpu/issues/151
    steps = (
        LOOK_FOR_KFD,
        "if that says that PCI rejects atomics: a slot that the processor serves itself",
        "if not: a newer linux-firmware, and a reboot",
        OfSystem(what="amd-driver"),
    )


class RocminfoRefused(Finding):
    """AMD's own rocminfo gives up where the nodes seem to be open; `said` is its line."""

    code = "rocminfo-refused"
    says = "rocminfo: {said}"
    steps = (LOOK_FOR_KFD,)
    in_container = (START, replace(LOOK_FOR_KFD, does="if it is"))
    in_pod = (IN_POD, replace(LOOK_FOR_KFD, does="if it has one"))
    in_lxc = (
        LOOK_FOR_KFD,
        *IN_LXC,
        "if it is refused all the same: run this on the host itself, or in a virtual machine",
    )
    said: str


class RocminfoWithoutGpu(Finding):
    """AMD's own rocminfo answers and lists processors alone, where the kernel lists the card."""

    code = "rocminfo-without-gpu"
    says = "rocminfo lists no GPU, only {listed} (Device Type: CPU)"
    steps = (LOOK_FOR_KFD, "a ROCm that is older than the card does not list it: update it")
    in_container = (START, replace(LOOK_FOR_KFD, does="if it is"))
    in_pod = (IN_POD, replace(LOOK_FOR_KFD, does="if it has one"))
    in_lxc = (LOOK_FOR_KFD, *IN_LXC)
    processors: tuple[str, ...]

    @property
    def listed(self) -> str:
        """What it lists, by name."""
        return ", ".join(dict.fromkeys(self.processors))
