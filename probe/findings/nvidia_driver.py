"""Where NVIDIA's driver runs and does not drive the card, or drives it slowly.

The flavours of the kernel module:
https://docs.nvidia.com/datacenter/tesla/driver-installation-guide/kernel-modules.html
"""

from probe.facts import ComputeCapability, ModuleFlavour
from probe.finding import Finding
from probe.findings.nvidia import INSTALL, INSTALL_ON_HOST, DriverToInstall
from probe.findings.nvidia_steps import AWAKE, IN_WSL, LOAD, LOOK, PACKAGES
from probe.frozen_record import replace
from probe.machine.variables import TIMEOUT
from probe.steps import Command, OfSystem, Template
from probe.tables.devices import last_driver

FOR_GOOD = Command(
    run="systemctl enable --now nvidia-persistenced",
    root=True,
    does="and for good",
    otherwise="and for good: start nvidia-persistenced with the system",
)

OTHER_FLAVOUR: Template = (
    "install the {needed} kernel module of the driver ({packages})",
    "then reboot",
)


class OlderThanCard(DriverToInstall):
    """The driver runs and is older than the first one for this card."""

    code = "nvidia-driver-older-than-card"
    says = "driver {driver} is older than this card, which needs {first} or newer{flavour}"
    steps = (INSTALL,)
    in_container = INSTALL_ON_HOST
    in_wsl = IN_WSL
    driver: str
    first: str  # a branch
    module: ModuleFlavour | None  # the one that the card needs

    @property
    def flavour(self) -> str:
        """The kernel module to take with it."""
        return f", with its {self.module} kernel module" if self.module else ""


class NotLoadedForCard(DriverToInstall):
    """No driver is loaded, and current ones leave the card out: what a system updates itself to
    does not load (https://archlinux.org/news/nvidia-590-driver-drops-pascal-support-main-packages-switch-to-open-kernel-modules/)."""

    code = "nvidia-not-loaded-for-card"
    says = (
        "NVIDIA's driver is not loaded; {last} is the last that serves this card, by its "
        "proprietary kernel module alone"
    )
    steps = (
        INSTALL,
        replace(LOAD, does="if that one is installed, load it", otherwise=""),
        LOOK,
    )
    in_wsl = IN_WSL
    last: str  # a branch


class WrongModule(Finding):
    """The driver runs with the flavour of its kernel module that does not drive this card."""

    code = "nvidia-wrong-kernel-module"
    says = "NVIDIA's {loaded} kernel module runs, and this card needs the {needed} one"
    steps = OTHER_FLAVOUR
    in_container = (
        "on the host: install the {needed} kernel module of the driver ({packages})",
        "then reboot it",
    )
    in_wsl = IN_WSL
    loaded: ModuleFlavour
    needed: ModuleFlavour

    @property
    def packages(self) -> str:
        """How the flavour is told in packages."""
        return PACKAGES[self.needed]


class OldCardOnOpenModule(WrongModule):
    """The same where the card needs the proprietary one: some systems have no more than the open
    one, and others have it by a name of its own."""

    steps = (OfSystem(what="legacy-driver", otherwise=OTHER_FLAVOUR),)
    capability: ComputeCapability | None

    @property
    def branch(self) -> str:
        """The number that packages of the driver are named by."""
        return last_driver(self.capability) or ""


class NoModuleForBoth(Finding):
    """No flavour of the kernel module drives this card beside one that runs."""

    code = "nvidia-no-module-for-both"
    says = (
        "NVIDIA's {loaded} kernel module serves {serves}, this card needs the {needed} one, and no "
        "kernel module drives both"
    )
    steps = (
        "leave it, or take one of the two out, or hand this one to a virtual machine (vfio-pci)",
    )
    loaded: ModuleFlavour
    needed: ModuleFlavour
    serves: str  # the name of the card that is driven


class NotTaken(Finding):
    """The card is on the bus, NVIDIA's driver runs, and does not bring the card up."""

    code = "nvidia-card-not-taken"
    says = "it is on the bus, and NVIDIA's driver{version} does not bring it up"
    steps = (
        LOOK,
        "if that says nothing of it, the card may be newer than the driver: update it",
        # https://github.com/pytorch/pytorch/issues/163658
        "if the driver was exchanged since the machine started, reboot",
        # https://github.com/NVIDIA/open-gpu-kernel-modules/issues/862
        (
            "if it says RmInitAdapter failed: Above 4G Decoding and Resizable BAR on in the "
            "firmware, and in a virtual machine whatever its host passes on"
        ),
    )
    driver: str | None

    @property
    def version(self) -> str:
        """What is known of the driver, with a space before it."""
        return "" if self.driver is None else f" {self.driver}"


class SlowToAnswer(Finding):
    """nvidia-smi answered, and took long: the driver starts the cards anew for each program."""

    code = "nvidia-slow-to-answer"
    says = "nvidia-smi took {seconds:.0f} s to answer; persistence mode keeps the cards awake"
    steps = (AWAKE, FOR_GOOD)
    seconds: float


class NotAwaited(Finding):
    """nvidia-smi was still at work when its time was up, and the driver holds the cards."""

    code = "nvidia-not-awaited"
    says = (
        "nvidia-smi had no answer after {seconds:.0f} s; NVIDIA's driver holds the cards, so they "
        "are taken as usable and the proof at start decides"
    )
    steps = (
        replace(AWAKE, does="cards that wake slowly need persistence mode"),
        FOR_GOOD,
        f"or raise {TIMEOUT} (seconds)",
    )
    seconds: float
