"""Why an NVIDIA GPU can't be used from here.

nvidia-smi's exit codes are NVML's, nvmlReturn_t
(https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html).
"""

from probe.facts import ComputeCapability
from probe.finding import Finding, Place, Steps
from probe.machine.variables import TIMEOUT
from probe.tables.drivers import WantedDriver, newest_floor, wanted_driver

LOOK = "see why: sudo dmesg | grep -i -e nvrm -e xid"
GIVE = "give it to this container (--gpus)"
START = "start it with --gpus all"
UPDATED = "reboot: the driver was updated under a running kernel"


class NoDevice(Finding):
    """nvidia-smi finds no device (NVML_ERROR_NOT_FOUND)."""

    code = "nvidia-no-device"
    says = "nvidia-smi finds no device"
    steps = (LOOK, "check that the card is seated and powered")
    in_container = (START,)


class DriverNotLoaded(Finding):
    """NVIDIA's kernel module is not loaded (NVML_ERROR_DRIVER_NOT_LOADED)."""

    code = "nvidia-driver-not-loaded"
    says = "NVIDIA's driver is not loaded"
    steps = (
        "sudo modprobe nvidia",
        "after a kernel update, reboot",
        (
            "where it says that a key was rejected, Secure Boot is on: enrol the module's key "
            "(mokutil --import) or switch it off"
        ),
    )
    in_container = ("on the host: sudo modprobe nvidia", "then start this container again")


class ManagementLibraryMissing(Finding):
    """nvidia-smi does not find its library (NVML_ERROR_LIBRARY_NOT_FOUND)."""

    code = "nvidia-library-missing"
    says = "NVIDIA's management library is missing"
    steps = ("reinstall NVIDIA's driver",)
    in_container = (START, "NVIDIA_DRIVER_CAPABILITIES must hold utility and compute")


class GpuLost(Finding):
    """The driver knows the card and can't reach it any more (NVML_ERROR_GPU_IS_LOST)."""

    code = "nvidia-gpu-lost"
    says = "the GPU is lost: it fell off the bus"
    steps = ("reboot", "if it happens again: sudo dmesg | grep Xid")
    in_container = ("reboot the host", "if it happens again: sudo dmesg | grep Xid")


class Blocked(Finding):
    """Control groups or security settings are in the way (NVML_ERROR_OPERATING_SYSTEM)."""

    code = "nvidia-blocked"
    says = "the operating system blocks access to the GPU"
    steps = ("check cgroup and security settings",)
    in_container = (START, "check the host's security settings")


class LibraryMismatch(Finding):
    """Driver and management library differ (NVML_ERROR_LIB_RM_VERSION_MISMATCH)."""

    code = "nvidia-library-mismatch"
    says = "NVIDIA's driver and library have different versions"
    steps = (UPDATED,)
    in_container = (
        (
            "start this container again, and if that does not help, reboot the host: its driver "
            "was updated under a running kernel"
        ),
    )


class DriverUnknownError(Finding):
    """NVIDIA's driver has no word for what is wrong (NVML_ERROR_UNKNOWN)."""

    code = "nvidia-unknown-error"
    says = "NVIDIA's driver answers with an unknown error"
    steps = ("reboot", LOOK)
    in_container = (
        "on the host: docker restart this container",
        "a daemon-reload there takes its GPU away",
    )


class ToolFailed(Finding):
    """nvidia-smi failed with a code that says nothing; `said` is its complaint."""

    code = "nvidia-smi-failed"
    says = "nvidia-smi failed: {said}"
    steps = (
        LOOK,
        "reboot",
        (f"if the card is only slow to wake: sudo nvidia-smi -pm 1, or raise {TIMEOUT} (seconds)"),
    )
    said: str | None


class NotListed(Finding):
    """nvidia-smi lists other cards and not this one."""

    code = "nvidia-not-listed"
    says = "nvidia-smi does not list it"
    steps = (LOOK,)
    in_container = (GIVE,)


class NoMigSlice(Finding):
    """A GPU in MIG mode, which is used through slices only, has none."""

    code = "nvidia-no-mig-slice"
    says = "MIG mode is on and no slice was made"
    steps = (
        "make one: sudo nvidia-smi mig -cgi 0 -C",
        "or turn MIG off: sudo nvidia-smi -mig 0",
    )


class NodesNotMade(Finding):
    """The driver is loaded and its device nodes are missing."""

    code = "nvidia-nodes-not-made"
    says = "no {path}"
    steps = ("make its device nodes: sudo nvidia-modprobe -c 0 -u",)
    path: str


class NotGiven(Finding):
    """A container without the nodes; `said` is what it was told to be given, where that is none."""

    code = "nvidia-not-given"
    says = "no {path} in this container{told}"
    steps = ("start it with {flags} (needs the NVIDIA Container Toolkit on the host)",)
    in_pod = (
        "give the pod one: resources.limits nvidia.com/gpu: 1 (needs NVIDIA's device plugin)",
    )
    path: str
    said: str | None = None  # NAME=value
    tegra: bool = False

    @property
    def flags(self) -> str:
        """What gives it one; on a Jetson the toolkit refuses ``--gpus``."""
        return "--runtime nvidia" if self.tegra else "--gpus all"

    @property
    def told(self) -> str:
        """The variable that says so, in brackets."""
        return "" if self.said is None else f" ({self.said})"


class DriverToInstall(Finding):
    """Base of what a driver for the card mends; there may be none that current builds work with."""

    capability: ComputeCapability | None

    @property
    def driver_to_install(self) -> WantedDriver | None:
        """The driver; None where the card's last one is too old for all current builds."""
        return wanted_driver(newest_floor(), self.capability)

    def remedy(self, place: Place) -> Steps:
        """As ``Finding.remedy``."""
        if self.driver_to_install is None:
            return ("none: no current build of torch has code for this card",)
        return super().remedy(place)


class OtherDriverBound(DriverToInstall):
    """A driver that is not NVIDIA's (nouveau) has the card, and NVIDIA's serves no other."""

    code = "nvidia-other-driver"
    says = "bound to {driver}, not to NVIDIA's driver"
    steps = ("install NVIDIA's driver {driver_to_install} and reboot",)
    in_container = ("on the host: install NVIDIA's driver {driver_to_install} and reboot",)
    driver: str


class DriverAbsent(DriverToInstall):
    """Nothing shows NVIDIA's driver: it is not installed, or not loaded."""

    code = "nvidia-driver-absent"
    says = "no {path}"
    steps = ("install NVIDIA's driver {driver_to_install} or load it: sudo modprobe nvidia",)
    path: str


class DroppedByDriver(DriverToInstall):
    """The driver runs and is too new for this card."""

    code = "nvidia-driver-too-new"
    says = "driver {driver} does not serve it any more, {last} was the last"
    steps = ("install NVIDIA's driver {driver_to_install} and reboot",)
    in_container = ("on the host: install NVIDIA's driver {driver_to_install} and reboot",)
    driver: str
    last: str
