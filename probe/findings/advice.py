"""What would make a choice better, or why it is what it is."""

from probe.finding import Finding, Place, Steps
from probe.findings.gpu import GIVE_POD
from probe.frozen_record import Record
from probe.steps import ByContainer
from probe.tables.drivers import WantedDriver


class OtherImageFits(Finding):
    """This image holds another build than the one for this machine."""

    code = "other-image-fits"
    says = (
        "this image holds torch {torch} {wheel}; for {card} the {image} image with {best} is the "
        "right one"
    )
    torch: str
    wheel: str
    card: str
    image: str
    best: str  # the tag of the right build


class LeftUnusedByOverride(Finding):
    """What the operator asked for leaves a usable GPU idle."""

    code = "gpu-left-unused-by-override"
    says = "{source} leaves {name} unused"
    source: str
    name: str


class ImageDoesNotFit(Finding):
    """This image's build does not run on the GPU; `why` has a code of its own."""

    code = "image-does-not-fit"
    says = "this image's {wheel} does not fit: {why}"
    wheel: str
    why: Finding


class NoGpuInContainer(Finding):
    """An image for a GPU, in a container that was given none."""

    code = "no-gpu-in-container"
    says = "no {maker} GPU is visible in this container"
    steps = (
        ByContainer(
            docker="start it with {flags}",
            podman="start it with {podman_flags}",
            apptainer="start it with {apptainer_flag}",
        ),
    )
    in_pod = (GIVE_POD,)
    in_lxc = ("its host gives it the device nodes: {nodes}",)
    maker: str  # NVIDIA, AMD
    flags: str

    @property
    def nvidia(self) -> bool:
        """Whether it is NVIDIA's."""
        return self.maker == "NVIDIA"

    @property
    def podman_flags(self) -> str:
        """The same for Podman, which hands NVIDIA's GPUs over by CDI."""
        return "--device nvidia.com/gpu=all" if self.nvidia else self.flags

    @property
    def apptainer_flag(self) -> str:
        """The same for Apptainer."""
        return "--nv" if self.nvidia else "--rocm"

    @property
    def resource(self) -> str:
        """What Kubernetes calls one."""
        return "nvidia.com/gpu" if self.nvidia else "amd.com/gpu"

    @property
    def nodes(self) -> str:
        """The devices behind one."""
        return "/dev/nvidia*" if self.nvidia else "/dev/kfd and /dev/dri/renderD*"


class OlderLineForDriver(Finding):
    """An older line of torch was chosen, because the driver is too old for the newest."""

    code = "older-torch-for-driver"
    says = "torch {line} because no build of {catalog} fits driver {driver}"
    steps = ("update it to {take} and {wheel} of {catalog} fits",)
    line: str
    catalog: str
    driver: str | None
    take: WantedDriver
    wheel: str


class OlderLineForCard(Finding):
    """An older line of torch was chosen, because later ones leave the card out."""

    code = "older-torch-for-card"
    says = "torch {line} with {wheel}, because no build of {catalog} runs on {card}"
    line: str
    catalog: str
    wheel: str
    card: str


class DriverDisputed(Finding):
    """The driver is enough by NVIDIA's documents, which is disputed in practice."""

    code = "driver-disputed"
    says = "driver {driver} is enough for {wheel} by NVIDIA's documents"
    steps = ("if the proof fails, update it to {take}",)
    driver: str | None
    wheel: str
    take: WantedDriver


class BuildsEnd(Finding):
    """Later lines of torch have no build for the card."""

    code = "builds-end"
    says = "{name} (compute capability {capability}) has no build after torch {line}"
    name: str
    capability: str
    line: str


class SlicesLeftOut(Finding):
    """A process uses one MIG slice."""

    code = "mig-slices-left-out"
    says = "{count} more MIG {slices} left out: a process uses one, the largest"
    count: int

    @property
    def slices(self) -> str:
        """One or many."""
        return "slices are" if self.count > 1 else "slice is"


class SlicesBesideWhole(SlicesLeftOut):
    """A process uses whole GPUs, or one MIG slice."""

    code = "mig-slices-beside-whole"
    says = "{count} MIG {slices} left out: a process uses whole GPUs, or one slice"


class OtherMakerUnused(Finding):
    """Two makers' GPUs are usable, and one process uses one maker's."""

    code = "other-makers-gpu-unused"
    says = "{name} is left unused beside {maker}'s"
    steps = ("--backend {backend} would use it instead",)
    name: str
    maker: str
    backend: str


class OwnBuild(Record):
    """The build that a card would get alone, and the setting that leaves it alone."""

    torch: str
    wheel: str
    setting: str  # HIP_VISIBLE_DEVICES=0


class LeftOutByBuild(Finding):
    """The build for the best card does not run on another one; `why` has a code of its own."""

    code = "gpu-left-out-by-build"
    says = "{name} is left out by {wheel}: {why}"
    steps = ("it needs torch {own.torch} {own.wheel}, and gets that alone: {own.setting}",)
    name: str
    wheel: str
    why: Finding
    own: OwnBuild | None = None

    def remedy(self, place: Place) -> Steps:
        """How the card is used instead; nothing where no build serves it."""
        return () if self.own is None else super().remedy(place)


class NotBesideAnother(Finding):
    """Two cards that one process can't use together."""

    code = "gpu-not-beside-another"
    says = "{card} is left out: it can't be used beside {other}"
    card: str
    other: str


class MacOutsideContainers(Finding):
    """Apple's GPU serves programs outside of containers only."""

    code = "mac-outside-containers"
    says = (
        "containers on macOS don't reach Apple's GPU: run the bot outside of one (pip install "
        "'.[bot,whisper]'); this project has not been tried on a Mac, the proof decides"
    )


class AmdUntried(Finding):
    """Nobody here has run this on AMD's hardware."""

    code = "amd-untried"
    says = "this project has not been tried on AMD hardware yet; the proof at start decides"
