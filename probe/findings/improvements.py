"""What the doctor finds to do or to know.

Where a remedy depends on the distribution, it is made in ``report/doctor_commands.py``.
"""

from probe.finding import Finding, Place, Steps
from probe.machine.cdi import FOLDERS
from probe.machine.variables import MEMORY_LIMIT, WHISPER_MODEL
from probe.tables.drivers import WantedDriver

MIB_IN_GIB = 1024


class BuildOtherImage(Finding):
    """This image holds another build than the one for this machine."""

    code = "build-other-image"
    says = (
        "this image holds torch {torch} {wheel}; the {image} image with {best} is the right one "
        "for {name}"
    )
    steps = ("make images VARIANT={image} WHEEL={best}   # on the host; then: make up",)
    torch: str
    wheel: str
    image: str
    best: str
    name: str


class GroupToJoin(Finding):
    """This user may not open a GPU's nodes; `why` has a code of its own."""

    code = "group-to-join"
    says = "{why}; containers get the group by number all the same"
    steps = ("for g in {names}; do sudo usermod -aG $g $USER; done   # then log in again",)
    why: Finding
    groups: tuple[int, ...]

    @property
    def names(self) -> str:
        """The groups by name, as the shell finds them."""
        return " ".join(f"$(getent group {group} | cut -d: -f1)" for group in self.groups)


class NewerDriverHelps(Finding):
    """A newer driver would let a newer build run; the command is the distribution's."""

    code = "newer-driver-helps"
    says = "driver {driver}; with {take} torch {torch} {wheel} fits (now: {now_torch} {now_wheel})"
    driver: str | None
    take: WantedDriver
    torch: str
    wheel: str
    now_torch: str
    now_wheel: str


class NoEngine(Finding):
    """Neither Docker nor Podman is installed; the command is the distribution's."""

    code = "no-container-engine"
    says = "no container engine is installed"


class DriverIsWindows(Finding):
    """WSL2 takes the driver of Windows."""

    code = "driver-is-windows"
    says = (
        "under WSL2 the driver is the one of Windows: install none inside; Docker Desktop hands "
        "GPUs to containers by itself"
    )


class NoToolkit(Finding):
    """Docker has neither of the two ways to hand over a GPU; the command is the distribution's."""

    code = "no-container-toolkit"
    says = "Docker can't hand a GPU to a container: no NVIDIA Container Toolkit, no CDI"


class NoCdiFile(Finding):
    """Podman has no file that describes the GPUs."""

    code = "no-cdi-file"
    says = "Podman hands GPUs over by CDI, and there is no CDI file"
    steps = (f"sudo nvidia-ctk cdi generate --output={FOLDERS[0]}/nvidia.yaml",)


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
    steps = ("{tool}   # shows which processes hold the memory",)
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
    steps = ("docker run {flags} …   # or: make up",)
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
