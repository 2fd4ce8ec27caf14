"""Why an NVIDIA GPU can't be used from here.

nvidia-smi's exit codes are NVML's, nvmlReturn_t
(https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html).
"""

# size: a table of words: one class for each thing that can be in the way

from probe.facts import ComputeCapability
from probe.finding import Finding, Place, Steps
from probe.findings.gpu import NO_CODE
from probe.findings.nvidia_steps import (
    AWAKE,
    DRIVER_MODEL,
    GIVE,
    IN_LXC,
    IN_POD,
    IN_WSL,
    LOAD,
    LOOK,
    PROPRIETARY,
    START,
    UPDATED,
    XID,
)
from probe.frozen_record import replace
from probe.machine.cdi import WRITTEN
from probe.machine.variables import TIMEOUT
from probe.place import PlaceKind
from probe.steps import ByContainer, Command, OfSystem, Step, Template
from probe.tables.drivers import WantedDriver, newest_floor, wanted_driver


class NoDevice(Finding):
    """nvidia-smi finds no device (NVML_ERROR_NOT_FOUND)."""

    code = "nvidia-no-device"
    says = "nvidia-smi finds no device"
    steps = (LOOK, "check that the card is seated and powered")
    in_container = (START,)
    in_wsl = DRIVER_MODEL
    in_lxc = IN_LXC


SECURE_BOOT = (
    "where it says that a key was rejected, Secure Boot is on: enrol the module's key or switch it "
    "off"
)


# https://learn.microsoft.com/azure/virtual-machines/linux/n-series-driver-setup,
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/install-nvidia-driver.html; with the ordinary
# one such a machine may not start again
# (https://github.com/canonical/ubuntu-drivers-common/issues/92).
PART_OF_A_GPU = (
    "if this virtual machine has a part of a GPU only (vGPU, Azure's NVadsA10 v5, AWS's g6f): the "
    "GRID driver of who runs its host, and no other"
)


def _of_a_part(steps: Template, kind: PlaceKind, *, virtual: bool) -> Template:
    """The steps where this may be a virtual machine with a part of a GPU."""
    return (PART_OF_A_GPU, *steps) if virtual and kind == "host" else steps


class DriverNotLoaded(Finding):
    """NVIDIA's kernel module is not loaded (NVML_ERROR_DRIVER_NOT_LOADED)."""

    code = "nvidia-driver-not-loaded"
    says = "NVIDIA's driver is not loaded"
    steps = (
        LOAD,
        "after a kernel update, reboot",
        "where it says that there is no such module, install the driver anew: its build failed",
        Command(
            run="mokutil --import KEY",
            root=True,
            does=f"{SECURE_BOOT}; enrol it",
            otherwise=SECURE_BOOT,
        ),
    )
    in_container = (LOAD, "then start this container again")
    in_wsl = IN_WSL
    virtual: bool = False  # this is a virtual machine

    def template(self, kind: PlaceKind) -> Template:
        """As ``Finding.template``; a part of a GPU has a driver of its own."""
        return _of_a_part(super().template(kind), kind, virtual=self.virtual)


class ManagementLibraryMissing(Finding):
    """nvidia-smi does not find its library (NVML_ERROR_LIBRARY_NOT_FOUND)."""

    code = "nvidia-library-missing"
    says = "NVIDIA's management library is missing"
    steps = ("reinstall NVIDIA's driver",)
    in_container = (START, "NVIDIA_DRIVER_CAPABILITIES must hold utility and compute")
    in_wsl = IN_WSL
    in_lxc = IN_LXC


class GpuLost(Finding):
    """The driver knows the card and can't reach it any more (NVML_ERROR_GPU_IS_LOST)."""

    code = "nvidia-gpu-lost"
    says = "the GPU is lost: it fell off the bus"
    steps = ("reboot", XID)
    in_container = ("reboot the host", XID)
    in_wsl = IN_WSL


class Blocked(Finding):
    """Control groups or security settings are in the way (NVML_ERROR_OPERATING_SYSTEM)."""

    code = "nvidia-blocked"
    says = "the operating system blocks access to the GPU"
    steps = ("check cgroup and security settings",)
    in_container = (START, "check the host's security settings")
    in_wsl = DRIVER_MODEL
    in_lxc = IN_LXC


class LibraryMismatch(Finding):
    """Driver and management library differ (NVML_ERROR_LIB_RM_VERSION_MISMATCH)."""

    code = "nvidia-library-mismatch"
    says = "NVIDIA's driver and library have different versions"
    steps = (UPDATED,)
    in_container = (
        ByContainer(
            docker="start this container again",
            podman=(
                "on the host, if its CDI file is of before the update: sudo nvidia-ctk cdi "
                f"generate --output={WRITTEN}; then start this container again"
            ),
        ),
        "if that does not help, reboot the host: its driver was updated under a running kernel",
    )
    in_wsl = IN_WSL


class DriverUnknownError(Finding):
    """NVIDIA's driver has no word for what is wrong (NVML_ERROR_UNKNOWN)."""

    code = "nvidia-unknown-error"
    says = "NVIDIA's driver answers with an unknown error"
    steps = ("reboot", LOOK)
    in_container = (
        "on the host: docker restart this container",
        "a daemon-reload there takes its GPU away",
        # https://github.com/NVIDIA/nvidia-container-toolkit/issues/381
        (
            "if it never had one: no-cgroups = false in the host's "
            "/etc/nvidia-container-runtime/config.toml (true is for rootless Docker alone)"
        ),
    )
    in_wsl = IN_WSL
    in_lxc = IN_LXC


WAKE = replace(AWAKE, does="if the card is only slow to wake", note=f"or raise {TIMEOUT} (seconds)")


class ToolFailed(Finding):
    """nvidia-smi failed with a code that says nothing; `said` is its complaint."""

    code = "nvidia-smi-failed"
    says = "nvidia-smi failed: {said}"
    steps = (LOOK, "reboot", WAKE)
    in_container = (LOOK, "reboot the host", WAKE)
    in_wsl = IN_WSL
    said: str | None


class NotListed(Finding):
    """nvidia-smi lists other cards and not this one."""

    code = "nvidia-not-listed"
    says = "nvidia-smi does not list it"
    steps = (LOOK,)
    in_container = (GIVE,)
    in_wsl = IN_WSL
    in_lxc = IN_LXC


class NoMigSlice(Finding):
    """A GPU in MIG mode, which is used through slices only, has none."""

    code = "nvidia-no-mig-slice"
    says = "MIG mode is on and no slice was made"
    steps = (
        Command(run="nvidia-smi mig -cgi 0 -C", root=True, does="make one"),
        Command(run="nvidia-smi -mig 0", root=True, does="or turn MIG off"),
    )


class NodesNotMade(Finding):
    """The driver is loaded and its device nodes are missing."""

    code = "nvidia-nodes-not-made"
    says = "no {path}"
    steps = (
        Command(
            run="nvidia-modprobe -c 0 -u",
            root=True,
            does="make its device nodes",
            otherwise="make its device nodes: the tools of the driver's package do",
        ),
    )
    in_wsl = IN_WSL
    path: str


class NotGiven(Finding):
    """A container without the nodes; `said` is what it was told to be given, where that is none."""

    code = "nvidia-not-given"
    says = "no {path} in this container{told}"
    steps = (
        ByContainer(
            docker="start it with {flags} (needs the NVIDIA Container Toolkit on the host)",
            podman=(
                "start it with --device nvidia.com/gpu=all (needs the NVIDIA Container Toolkit and "
                "its CDI file on the host)"
            ),
            containerd=(
                "start it with --gpus all (nerdctl run), or --gpus 0 (ctr run); this needs the "
                "NVIDIA Container Toolkit on the host"
            ),
            apptainer="start it with --nv",
            other=(
                "start it with --gpus all (Docker, nerdctl), --device nvidia.com/gpu=all "
                "(Podman) or --gpus 0 (ctr); this needs the NVIDIA Container Toolkit on the host"
            ),
        ),
    )
    in_pod = (IN_POD,)
    in_lxc = IN_LXC
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


INSTALL = OfSystem(what="driver", otherwise=("install NVIDIA's driver {wanted} and reboot",))
INSTALL_ON_HOST = ("on the host: install NVIDIA's driver {wanted} and reboot",)


class DriverToInstall(Finding):
    """Base of what a driver for the card mends; there may be none that current builds work with."""

    capability: ComputeCapability | None

    @property
    def wanted(self) -> WantedDriver | None:
        """The driver, which systems' own ways know by this name; None where the card's last one is
        too old for all current builds."""
        return wanted_driver(newest_floor(), self.capability)

    @property
    def branch(self) -> str:
        """The number that packages of drivers are named by."""
        return self.wanted.branch if self.wanted else ""

    def remedy(self, place: Place) -> Steps:
        """As ``Finding.remedy``."""
        if self.wanted is None:
            return (NO_CODE,)
        return super().remedy(place)

    def template(self, kind: PlaceKind) -> Template:
        """As ``Finding.template``; some systems have another way to an older driver."""
        steps = super().template(kind)
        if self.wanted is None or not self.wanted.last:
            return steps
        return tuple(_for_an_old_card(step) for step in steps)


def _for_an_old_card(step: Step) -> Step:
    if not isinstance(step, OfSystem) or step.what != "driver":
        return step
    return OfSystem(what="legacy-driver", otherwise=(PROPRIETARY, step))


class OtherDriverBound(DriverToInstall):
    """A driver that is not NVIDIA's (nouveau) has the card, and NVIDIA's serves no other."""

    code = "nvidia-other-driver"
    says = "bound to {driver}, not to NVIDIA's driver"
    steps = (INSTALL,)
    in_container = INSTALL_ON_HOST
    in_wsl = IN_WSL
    driver: str


class DriverAbsent(DriverToInstall):
    """Nothing shows NVIDIA's driver: it is not installed, or not loaded."""

    code = "nvidia-driver-absent"
    says = "no {path}"
    steps = (
        OfSystem(what="driver", otherwise=("install NVIDIA's driver {wanted}",)),
        replace(LOAD, does="if it is installed, load it", otherwise=""),
    )
    in_container = ("on the host: install NVIDIA's driver {wanted} or load it",)
    in_wsl = IN_WSL
    path: str
    virtual: bool = False  # this is a virtual machine

    def template(self, kind: PlaceKind) -> Template:
        """As ``DriverToInstall.template``; a part of a GPU has a driver of its own."""
        return _of_a_part(super().template(kind), kind, virtual=self.virtual)


class DroppedByDriver(DriverToInstall):
    """The driver runs and is too new for this card."""

    code = "nvidia-driver-too-new"
    says = "driver {driver} does not serve it any more, {last} was the last"
    steps = (INSTALL,)
    in_container = INSTALL_ON_HOST
    in_wsl = IN_WSL
    driver: str
    last: str
