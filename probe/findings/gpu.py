"""Why a GPU of any maker, or one of AMD, can't be used from here.

Sources: HIP's variables, https://rocm.docs.amd.com/en/latest/conceptual/gpu-isolation.html; CUDA's,
https://docs.nvidia.com/cuda/cuda-c-programming-guide/index.html#cuda-environment-variables; ROCm in
containers, https://rocm.docs.amd.com/projects/install-on-linux/en/latest/how-to/docker.html.
"""

from probe.finding import Finding, Place, Steps
from probe.frozen_record import replace
from probe.steps import ByContainer, Command, Template

NOBODY = 65534  # the group that stands for all that a user namespace does not know
START = ByContainer(
    docker="start it with --device /dev/kfd --device /dev/dri",
    apptainer="start it with --rocm",
    nspawn="start it with --bind=/dev/kfd --bind=/dev/dri, and DeviceAllow= in its unit",
)
# The device nodes of a system container are given by its host
# (https://pve.proxmox.com/pve-docs/chapter-pct.html, https://linuxcontainers.org/lxc/manpages/,
# https://documentation.ubuntu.com/lxd/latest/reference/devices_gpu/).
IN_LXC: Template = (
    (
        "this is a system container, its host gives it the GPU. On Proxmox: pct set ID --dev0 "
        "/dev/kfd,gid=G --dev1 /dev/dri/renderD128,gid=G, where G is what `getent group render` "
        "says in here"
    ),
    "with LXD or Incus, on the host: incus config device add NAME gpu gpu gid=G",
    (
        "with LXC alone, in its configuration on the host, for each node: "
        "lxc.cgroup2.devices.allow = c MAJOR:MINOR rwm (as ls -l says), lxc.mount.entry = /dev/kfd "
        "dev/kfd none bind,optional,create=file"
    ),
    "then start this container again",
)
GIVE_POD = "give the pod one: resources.limits {resource}: 1 (needs {maker}'s device plugin)"
IN_POD = GIVE_POD.format(resource="amd.com/gpu", maker="AMD")
NO_CODE = "none: no current build of torch has code for this card"
NOT_UNDER_WSL = "none under WSL2: Linux itself serves it"
LOOK_FOR_KFD = Command(
    run="dmesg | grep -i kfd",
    root=True,
    does="see why",
    otherwise="see what the kernel's log says of kfd",
)


class Hidden(Finding):
    """A variable keeps the GPU from this process."""

    code = "hidden-by-variable"
    says = "hidden by {setting}"
    steps = ("unset {variable}, or name the GPU in it",)
    variable: str
    value: str

    @property
    def setting(self) -> str:
        """The variable with its value; one without says so, for it may be meant to be unset."""
        return f"{self.variable}={self.value}" if self.value else f"an empty {self.variable}"


class NotAssigned(Finding):
    """A container reaches a GPU that it was not given: a privileged one sees them all."""

    code = "not-assigned"
    says = "not among what this container was given ({variable}={value})"
    steps = ("give the container this GPU as well: name it in {variable} where it is started",)
    variable: str
    value: str


class NodeClosed(Finding):
    """This user may not open a device node; a container is given its group by number."""

    code = "node-closed"
    says = "{path} may not be opened by this user{whose}"
    steps = ("join the group of the node (id {group})", "a container gets it by {flags}")
    in_container = ("start the container with {container_flags}",)
    in_pod = ("give the pod the group: securityContext.supplementalGroups: {numbers}",)
    in_lxc = (
        (
            "this is a system container, its host gives it the nodes. On Proxmox: pct set ID "
            "--dev0 {path},gid=G{more}, where G is the number of a group in here that this user is "
            "in (for AMD's GPUs what `getent group render` says)"
        ),
        *IN_LXC[1:],
    )
    path: str
    groups: tuple[int, ...]  # of all closed nodes, ascending

    @property
    def group(self) -> int:
        """The first group."""
        return self.groups[0]

    @property
    def whose(self) -> str:
        """Nobody's: the node was not given to this user namespace, whoever is root in it."""
        return " (it is nobody's in this user namespace)" if NOBODY in self.groups else ""

    @property
    def more(self) -> str:
        """The node that is given together with AMD's."""
        return " --dev1 /dev/dri/renderD128,gid=G" if self.path.startswith("/dev/kfd") else ""

    @property
    def numbers(self) -> str:
        """The groups, as YAML has a list."""
        return f"[{', '.join(map(str, self.groups))}]"

    @property
    def flags(self) -> str:
        """What gives a container the groups."""
        return " ".join(f"--group-add {group}" for group in self.groups)

    @property
    def container_flags(self) -> str:
        """The same, said in a user namespace, which may have no number for the group."""
        kept = "--group-add keep-groups, as rootless Podman calls it"
        return kept if NOBODY in self.groups else self.flags


class InTheWay(Finding):
    """Base of what is worth mending only for a card that a current build of torch has code for."""

    without_code: bool = False  # no build has any for it

    def remedy(self, place: Place) -> Steps:
        """As ``Finding.remedy``; none where no build would run on the card."""
        return (NO_CODE,) if self.without_code else super().remedy(place)


class HeldForVm(Finding):
    """A driver of virtual machines (vfio-pci) has the card."""

    code = "held-for-a-vm"
    says = "bound to {driver}, not to {wanted}"
    steps = ("it is handed to a virtual machine: probe in there, or bind it back to its driver",)
    driver: str
    wanted: str  # NVIDIA's driver, amdgpu


class OtherDriver(InTheWay):
    """Another driver has the card, and its maker's is here."""

    code = "bound-to-other-driver"
    says = "bound to {driver}, not to {wanted}"
    steps = ("bind it to {wanted}{at_work}",)
    in_container = ("on the host: bind it to {wanted}{at_work}",)
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
    # https://github.com/ROCm/librocdxg
    steps = (
        "AMD's ROCDXG (librocdxg), which does without it, is not supported here",
        NOT_UNDER_WSL,
    )


class AmdNotGiven(Finding):
    """A container without one of the two nodes of AMD's driver."""

    code = "amd-not-given"
    says = "no {path} in this container"
    steps = (START,)
    in_pod = (IN_POD,)
    in_lxc = IN_LXC
    path: str


class AmdKeptOut(Finding):
    """A container has the nodes, and its device rules keep this card out."""

    code = "amd-kept-out"
    says = "not given to this container"
    steps = (START,)
    in_pod = (IN_POD,)
    in_lxc = IN_LXC


class AmdNodeMissing(InTheWay):
    """amdgpu has the card and made no node for it."""

    code = "amd-node-missing"
    says = "no {path}"
    steps = (LOOK_FOR_KFD,)
    path: str


class AmdDriverNotLoaded(InTheWay):
    """No driver has the card."""

    code = "amd-driver-not-loaded"
    says = "no {path}"
    steps = (
        Command(run="modprobe amdgpu", root=True, does="load its driver"),
        replace(LOOK_FOR_KFD, does="if that fails"),
    )
    in_wsl = (NOT_UNDER_WSL,)
    path: str


class LeftOutByKfd(Finding):
    """amdgpu drives the card for pictures only."""

    code = "amd-left-out-by-kfd"
    says = "the kernel does not offer it for computing (KFD leaves it out)"
    steps = ("none: this part can't run ROCm",)
