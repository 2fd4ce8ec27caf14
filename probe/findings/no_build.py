"""Why no build of torch fits a usable GPU, and what can be done."""

from probe.finding import Finding
from probe.frozen_record import Record
from probe.tables.drivers import WantedDriver

REPORT_IT = "alternator probe --record FILE writes a report of it for us"


class NoBuildForPlatform(Finding):
    """There is no build of torch for the GPU's maker on this kind of machine."""

    code = "no-build-for-platform"
    says = "there is no {runtime} build of torch for {platform}"
    runtime: str  # CUDA, ROCm
    platform: str


class JetsonDriverTooOld(Finding):
    """A Jetson whose JetPack comes before the drivers that torch's builds work with."""

    code = "jetson-driver-too-old"
    says = "{version} {floor}"
    steps = ("{mends}",)
    driver: str | None
    floor: str
    mends: str

    @property
    def version(self) -> str:
        """What is known of the driver that is here."""
        return f"driver {self.driver} is older than" if self.driver else "this needs driver"


class CardUnknown(Finding):
    """No build can be chosen, because nothing tells what code the card runs."""

    code = "card-unknown"
    says = "its {what} is not known"
    steps = (REPORT_IT,)
    what: str  # compute capability, gfx target


class DriverVersionUnknown(Finding):
    """No build can be chosen, because nothing tells the driver's version."""

    code = "driver-version-unknown"
    says = "the driver's version is not known ({floor} is needed for {wheel})"
    steps = (f"install the tools of NVIDIA's driver beside it, or {REPORT_IT}",)
    floor: str
    wheel: str


class RetiredBuild(Record):
    """A build that fits and gets no fixes."""

    line: str
    wheel: str
    reason: str

    def __str__(self) -> str:
        return f" (or --torch {self.line} for {self.wheel}, which gets no fixes: {self.reason})"


class NoBuildFits(Finding):
    """No build for the card, whatever the driver; `why` has a code of its own."""

    code = "no-build-fits"
    says = "{why}; no other build of torch helps"
    why: Finding


class OnlyRetiredFits(Finding):
    """As `no-build-fits`, but for a build without fixes, which has to be asked for."""

    code = "only-retired-build-fits"
    says = "{why}{retired}"
    why: Finding
    retired: RetiredBuild


class NewerDriverNeeded(Finding):
    """No build fits until the driver is newer."""

    code = "newer-driver-needed"
    says = "driver {driver} is older than {floor}"
    steps = ("update it to {take} and {wheel} fits{or_retired}",)
    driver: str
    floor: str  # of the build that needs the least
    take: WantedDriver
    wheel: str
    retired: RetiredBuild | None = None

    @property
    def or_retired(self) -> str:
        """The build without fixes that fits as it is."""
        return "" if self.retired is None else str(self.retired)
