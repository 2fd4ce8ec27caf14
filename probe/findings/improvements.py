"""What the doctor finds to do or to know.

Where a remedy depends on the system, its row of ``tables/systems.toml`` has it.
"""

from probe.finding import Finding, Place, Steps
from probe.findings.nvidia import INSTALL_ON_HOST
from probe.machine.variables import MEMORY_LIMIT, WHISPER_MODEL
from probe.steps import ByContainer, Command, OfSystem
from probe.tables.drivers import WantedDriver

MIB_IN_GIB = 1024
DRIVER_GUIDE = "docs.nvidia.com/datacenter/tesla/driver-installation-guide"


class BuildOtherImage(Finding):
    """This image holds another build than the one for this machine."""

    code = "build-other-image"
    says = (
        "this image holds torch {torch} {wheel}; the {image} image with {best} is the right one "
        "for {name}"
    )
    steps = (
        Command(run="make images VARIANT={image} WHEEL={best}", note="on the host; then: make up"),
    )
    torch: str
    wheel: str
    image: str
    best: str
    name: str


class GroupToJoin(Finding):
    """This user may not open a GPU's nodes; `why` has a code of its own."""

    code = "group-to-join"
    says = "{why}; containers get the group by number all the same"
    steps = (
        Command(
            run="for g in {names}; do {sudo}usermod -aG $g $USER; done",
            tool="usermod",
            note="then log in again",
            otherwise="add this user to the groups with the numbers {numbers}, then log in again",
        ),
    )
    why: Finding
    groups: tuple[int, ...]

    @property
    def numbers(self) -> str:
        """The groups by number."""
        return ", ".join(map(str, self.groups))

    @property
    def names(self) -> str:
        """The groups by name, as the shell finds them."""
        return " ".join(f"$(getent group {group} | cut -d: -f1)" for group in self.groups)


class NewerDriverHelps(Finding):
    """A newer driver would let a newer build run; the command is the distribution's."""

    code = "newer-driver-helps"
    says = (
        "driver {driver}; with {wanted} torch {torch} {wheel} fits (now: {now_torch} {now_wheel})"
    )
    steps = (
        OfSystem(
            what="driver",
            otherwise=(f"install NVIDIA's driver {{wanted}} ({DRIVER_GUIDE}), then reboot",),
        ),
    )
    in_container = INSTALL_ON_HOST
    in_wsl = (
        "install NVIDIA's driver {wanted} in Windows",
        Command(run="wsl --shutdown", on="Windows"),
    )
    driver: str | None
    wanted: WantedDriver  # systems' own ways know it by this name
    torch: str
    wheel: str
    now_torch: str
    now_wheel: str

    @property
    def branch(self) -> str:
        """The number that packages of drivers are named by."""
        return self.wanted.branch


class GpuMemory(Finding):
    """Base of what the memory of the GPU allows."""

    memory_mib: int
    free: bool  # it is what is free, not what there is

    @property
    def memory(self) -> str:
        """How much there is."""
        return f"{self.memory_mib / MIB_IN_GIB:.1f} GiB" + (" free" if self.free else "")


class NoModelFits(GpuMemory):
    """The memory is too small for every Whisper model."""

    code = "no-model-fits-gpu"
    says = "{name} has {memory}: no Whisper model fits"
    steps = (
        Command(
            run="{tool}",
            note="shows which processes hold the memory",
            otherwise="see which processes hold the memory",
        ),
    )
    name: str
    tool: str


class ModelTooLarge(GpuMemory):
    """The memory is too small for the model that is asked for."""

    code = "model-too-large-for-gpu"
    says = "the model {model} needs about {need}, {name} has {memory}"
    steps = (f"{WHISPER_MODEL}={{best}}",)
    name: str
    model: str
    model_mib: int
    best: str  # the largest that fits

    @property
    def need(self) -> str:
        """How much the model takes."""
        return f"{self.model_mib / MIB_IN_GIB:.1f} GiB"


class ModelsThatFit(GpuMemory):
    """What the memory is enough for."""

    code = "models-that-fit-gpu"
    says = "{name} has {memory}: Whisper models up to {best} fit"
    name: str
    best: str


class ModelTooLargeForCpu(Finding):
    """The model takes more than the machine has."""

    code = "model-too-large-for-machine"
    says = "the model {model} takes up to {need} on a CPU, this machine has {memory}"
    steps = ('model = "{smaller}"   # in [whisper] of alternator.toml',)
    model: str
    model_mib: int
    memory_mib: int
    smaller: str  # the model to take
    limit_gib: int  # the limit that the model's container needs

    @property
    def need(self) -> str:
        """How much the model takes."""
        return f"{self.model_mib / MIB_IN_GIB:.1f} GiB"

    @property
    def memory(self) -> str:
        """How much there is."""
        return f"{self.memory_mib / MIB_IN_GIB:.1f} GiB"


class ModelTooLargeForContainer(ModelTooLargeForCpu):
    """The model takes more than the container may."""

    code = "model-too-large-for-container"
    says = "the model {model} takes up to {need} on a CPU, this container may take {memory}"
    steps = (f"{MEMORY_LIMIT}={{limit_gib}}g make up   # on the host",)


class LostGpu(Finding):
    """The host could use a GPU and this container can't."""

    code = "gpu-lost-on-the-way"
    says = "the host could use {label}; this container does not reach it"
    steps = (
        ByContainer(
            docker="docker run {flags} …   # or: make up",
            podman="start it with {flags} again, or what Podman has for them   # or: make up",
            containerd="nerdctl run {flags} …   # or: make up",
            other="start it with {flags} again, or what this engine has for them   # or: make up",
        ),
    )
    in_pod = (
        "give the pod its GPU: resources.limits, as alternator probe --snippet kubernetes has it",
    )
    in_lxc = ("on this container's host: give it the nodes of the GPU again",)
    name: str
    uuid: str | None
    flags: str  # for docker run, as the host's report has them

    @property
    def label(self) -> str:
        """The card by its name, and by its number where it has one."""
        return f"{self.name} ({self.uuid})" if self.uuid else self.name

    def remedy(self, place: Place) -> Steps:
        """As ``Finding.remedy``; none where the host had no flags."""
        return super().remedy(place) if self.flags else ()


class DriverChanged(Finding):
    """Host and container see different drivers."""

    code = "driver-changed-under-container"
    says = "{name}: the host had driver {host}, this container sees {here}"
    steps = ("restart the container: the driver was changed under it",)
    name: str
    host: str
    here: str
