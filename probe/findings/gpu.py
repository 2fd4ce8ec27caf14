"""Why a GPU of any maker, or one of AMD, can't be used from here.

Sources: HIP's variables, https://rocm.docs.amd.com/en/latest/conceptual/gpu-isolation.html; CUDA's,
https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#cuda-environment-variables; ROCm in
containers, https://rocm.docs.amd.com/projects/install-on-linux/en/latest/how-to/docker.html.
"""

from probe.finding import Finding

NOBODY = 65534  # the group that stands for all that a user namespace does not know
START = "start it with --device /dev/kfd --device /dev/dri"
IN_POD = "give the pod one: resources.limits amd.com/gpu: 1 (needs AMD's device plugin)"

NEWER_SYSTEM = (
    "a card newer than the system needs a newer kernel (or AMD's amdgpu-dkms) and linux-firmware"
)


class Hidden(Finding):
    """A variable keeps the GPU from this process."""

    code = "hidden-by-variable"
    says = "hidden by {variable}={value}"
    steps = ("unset {variable}, or name the GPU in it",)
    variable: str
    value: str


class NodeClosed(Finding):
    """This user may not open a device node; a container is given its group by number."""

    code = "node-closed"
    says = "{path} may not be opened by this user"
    steps = ("join the group of the node (id {group})", "a container gets it by {flags}")
    in_container = ("start the container with {container_flags}",)
    path: str
    groups: tuple[int, ...]  # of all closed nodes, ascending

    @property
    def group(self) -> int:
        """The first group."""
        return self.groups[0]

    @property
    def flags(self) -> str:
        """What gives a container the groups."""
        return " ".join(f"--group-add {group}" for group in self.groups)

    @property
    def container_flags(self) -> str:
        """The same, said in a user namespace, which may have no number for the group."""
        kept = "--group-add keep-groups, as rootless Podman calls it"
        return kept if NOBODY in self.groups else self.flags


class HeldForVm(Finding):
    """A driver of virtual machines (vfio-pci) has the card."""

    code = "held-for-a-vm"
    says = "bound to {driver}, not to {wanted}"
    steps = ("it is handed to a virtual machine: probe in there, or bind it back to its driver",)
    driver: str
    wanted: str  # NVIDIA's driver, amdgpu


class OtherDriver(Finding):
    """Another driver has the card, and its maker's is here."""

    code = "bound-to-other-driver"
    says = "bound to {driver}, not to {wanted}"
    steps = ("bind it to {wanted}{at_work}",)
    driver: str
    wanted: str
    serves_another: bool = False  # the wanted driver drives another card already

    @property
    def at_work(self) -> str:
        """That the wanted driver needs no installing."""
        return ", which serves another card already" if self.serves_another else ""


class NoKfdUnderWsl(Finding):
    """WSL2 lacks the node that ROCm computes through."""

    code = "amd-no-kfd-under-wsl"
    says = "under WSL2 there is no /dev/kfd, which torch's ROCm builds need"
    steps = ("none under WSL2: Linux itself serves it",)


class AmdNotGiven(Finding):
    """A container without one of the two nodes of AMD's driver."""

    code = "amd-not-given"
    says = "no {path} in this container"
    steps = (START,)
    in_pod = (IN_POD,)
    path: str


class AmdKeptOut(Finding):
    """A container has the nodes, and its device rules keep this card out."""

    code = "amd-kept-out"
    says = "not given to this container"
    steps = (START,)


class AmdNodeMissing(Finding):
    """amdgpu has the card and made no node for it."""

    code = "amd-node-missing"
    says = "no {path}"
    steps = ("see why: sudo dmesg | grep -i kfd",)
    path: str


class AmdDriverNotLoaded(Finding):
    """No driver has the card."""

    code = "amd-driver-not-loaded"
    says = "no {path}"
    steps = (
        "load its driver: sudo modprobe amdgpu",
        "if that fails: sudo dmesg | grep kfd",
    )
    path: str


class AmdNotTaken(Finding):
    """amdgpu is at work and has not taken the card, whose code torch has: it is too old for it."""

    code = "amd-not-taken"
    says = "amdgpu has not taken it: no driver has the card"
    steps = (
        "see why: sudo dmesg | grep amdgpu",
        NEWER_SYSTEM + "; then reboot",
    )
    in_lxc = (
        "see why, on the LXC's host: sudo dmesg | grep amdgpu",
        NEWER_SYSTEM + " there; then reboot it",
    )


class AmdRefusedByKfd(Finding):
    """amdgpu has the card and KFD refused it, though torch has code for it."""

    code = "amd-refused-by-kfd"
    says = "amdgpu has the card, and KFD does not offer it for computing"
    steps = (
        "see why: sudo dmesg | grep -i kfd",
        "if that says that PCI rejects atomics: a slot that the processor serves itself",
        "if not: a newer linux-firmware, and a reboot",
    )


class RocminfoRefused(Finding):
    """AMD's own rocminfo gives up where the nodes seem to be open; `said` is its line."""

    code = "rocminfo-refused"
    says = "rocminfo: {said}"
    steps = ("see why: sudo dmesg | grep -i kfd",)
    in_container = (
        "the container's device rules may keep it out: " + START,
        "if they do not, on the host: sudo dmesg | grep -i kfd",
    )
    in_pod = (IN_POD,)
    in_lxc = (
        "see why, on the LXC's host: sudo dmesg | grep -i kfd",
        "allow and mount /dev/kfd and /dev/dri/renderD* there (Proxmox: pct set ID --dev0 PATH)",
        "if it is refused all the same: run this on that host, or in a virtual machine",
    )
    said: str


class RocminfoWithoutGpu(Finding):
    """AMD's own rocminfo answers and lists processors alone, where the kernel lists the card."""

    code = "rocminfo-without-gpu"
    says = "rocminfo lists no GPU, only {listed} (Device Type: CPU)"
    steps = (
        "see why: sudo dmesg | grep -i kfd",
        "a ROCm that is older than the card lists it not: update it",
    )
    in_container = (START, "if it is: sudo dmesg | grep -i kfd, on the host")
    in_pod = (IN_POD,)
    processors: tuple[str, ...]

    @property
    def listed(self) -> str:
        """What it lists, by name."""
        return ", ".join(dict.fromkeys(self.processors))


class LeftOutByKfd(Finding):
    """amdgpu drives the card for pictures only."""

    code = "amd-left-out-by-kfd"
    says = "the kernel does not offer it for computing (KFD leaves it out)"
    steps = ("none: this part can't run ROCm",)
