"""One NVIDIA card with all that may speak for or against its use."""

import re

from probe.detect.evidence import Evidence
from probe.detect.merge import Merged
from probe.detect.nvidia_failures import CUDA_NO_DEVICE, NO_DEVICE, about_the_loader
from probe.facts import ModuleFlavour, Node, Sighting
from probe.frozen_record import Record
from probe.machine.time_limit import PATIENCE_S
from probe.tables.builds import at_least
from probe.tables.devices import first_driver, last_driver, needed_module

CARD = re.compile(r"/dev/nvidia\d+")
CONTROL = ("/dev/nvidiactl", "/dev/dxg")  # Linux, WSL2
REACHED = {"nvidia-smi", "libcuda"}  # who talked to the card through the driver
DRIVEN = {*REACHED, "nvidia-proc"}  # who lists only what the driver drives
# A virtual GPU's series by its profile: B is for desktops, A for applications; both are without
# CUDA (https://docs.nvidia.com/vgpu/latest/grid-vgpu-user-guide/index.html).
NO_CUDA_SERIES = re.compile(r"\d+[AB]")


class Case(Record):
    """One card with all that may speak for or against it."""

    entry: Merged
    evidence: Evidence
    hidden: bool  # libcuda can't list it: a variable hides it, or it stands beside MIG slices

    @property
    def sighting(self) -> Sighting:
        """What is known of the card."""
        return self.entry.sighting

    @property
    def sources(self) -> frozenset[str]:
        """Who saw the card."""
        return self.entry.sources

    @property
    def inside(self) -> bool:
        """Whether this runs in a container."""
        return self.evidence.host.container

    @property
    def bound_to(self) -> str | None:
        """The driver that has the card, where it is not NVIDIA's."""
        driver = self.sighting.kernel_driver
        return None if driver in ("nvidia", "nvgpu") else driver

    @property
    def not_given(self) -> bool:
        """Whether this is a container without the nodes: that comes before what its host lacks."""
        return self.inside and self.missing_node is not None

    @property
    def undriven(self) -> bool:
        """Whether NVIDIA's driver runs, nobody else has the card, and it does not list it."""
        runs = self.evidence.nvidia_driver is not None
        return runs and self.bound_to is None and not DRIVEN & self.sources

    @property
    def dropped_after(self) -> str | None:
        """The last driver that serves the card, where the loaded one is newer and lists it not."""
        last, driver = last_driver(self.sighting.compute_capability), self.evidence.nvidia_driver
        if not self.undriven or last is None or driver is None:
            return None
        return last if at_least(driver, str(int(last) + 1)) else None

    @property
    def served_from(self) -> str | None:
        """The first driver that serves the card, where the loaded one is older and lists it not."""
        first, driver = first_driver(self.sighting.compute_capability), self.evidence.nvidia_driver
        if not self.undriven or self.not_given or first is None or driver is None:
            return None
        return None if at_least(driver, first) else first

    @property
    def other_module(self) -> ModuleFlavour | None:
        """The flavour of the kernel module that the card needs, where the other one runs.

        A container without the nodes is to be given them first: what it reads of the module is its
        host's, and of that it sees the least.
        """
        if self.not_given:
            return None
        needed, loaded = needed_module(self.sighting.compute_capability), self.evidence.module
        if needed is None or loaded is None or self.bound_to or REACHED & self.sources:
            return None
        return needed if needed != loaded else None

    @property
    def serves_instead(self) -> str | None:
        """A card that is driven and that the flavour this one needs would not drive."""
        for other in self.evidence.reached:
            needed = needed_module(other.compute_capability)
            if needed is not None and needed == self.evidence.module:
                return other.name or "another card"
        return None

    @property
    def not_taken(self) -> bool:
        """Whether the driver runs here and does not bring up a card that it should know.

        It is on the bus, so that it is seated: whoever says "no device" has seen less.
        """
        if self.inside or self.bound_to or REACHED & self.sources:
            return False
        cuda = self.evidence.cuda
        if cuda is not None and cuda.status not in (None, 0, CUDA_NO_DEVICE):
            return False
        return self.evidence.smi_exit == NO_DEVICE or (self.undriven and self.evidence.smi_listed)

    @property
    def without_cuda(self) -> str | None:
        """The profile of a virtual GPU that is not for computing, or None."""
        profile = self.sighting.vgpu
        return profile if profile and NO_CUDA_SERIES.match(profile) else None

    @property
    def libcuda_missing(self) -> bool:
        """Whether the library was looked for and is not there."""
        return self.evidence.cuda is not None and self.evidence.cuda.missing is not None

    @property
    def libcuda_speaks(self) -> bool:
        """Whether libcuda's silence on the card means something."""
        answered = self.evidence.cuda is not None and not self.libcuda_missing
        return answered and not self.hidden and self.bound_to is None

    @property
    def libcuda_failed(self) -> bool:
        """Whether libcuda speaks and says that it can't start."""
        return self.libcuda_speaks and bool(self.evidence.cuda and self.evidence.cuda.status)

    @property
    def outvoted(self) -> bool:
        """Whether libcuda's failure is only about the host's loader, and nvidia-smi is well."""
        well = "nvidia-smi" in self.sources
        return well and self.libcuda_failed and about_the_loader(self.evidence)

    @property
    def nodes(self) -> tuple[list[Node], list[Node]]:
        """The driver's own nodes, and those of cards."""
        nodes = self.evidence.nodes
        cards = [n for n in nodes if CARD.fullmatch(n.path) or n.path == "/dev/dxg"]
        return [n for n in nodes if n.path in CONTROL], cards

    @property
    def missing_node(self) -> str | None:
        """The node that is not there, or None."""
        control, cards = self.nodes
        if control and cards:
            return None
        return "/dev/nvidia0" if control else "/dev/nvidiactl"

    @property
    def closed(self) -> bool:
        """Whether this user may not open one of the nodes."""
        return any(not node.usable for group in self.nodes for node in group)

    @property
    def unheard(self) -> bool:
        """Whether nvidia-smi was cut short at its work, and the driver holds the card.

        In a container the driver's list names the host's cards: the card's own node tells.
        """
        cut_short = self.evidence.smi_cut and self.evidence.smi_ms < PATIENCE_S * 1000
        if not cut_short or "nvidia-proc" not in self.sources or self.closed:
            return False
        _, cards = self.nodes
        given = any(node.path == f"/dev/nvidia{self.sighting.minor}" for node in cards)
        return given or (not self.inside and self.sighting.minor is None)
