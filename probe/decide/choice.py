"""The types of a choice: what to build and use, what was passed over, what would help."""

from probe.decide.overrides import Overrides, Wanted
from probe.facts import USABLE, Backend, Facts, Gpu, Vendor
from probe.finding import Advice, Finding
from probe.findings.gpu import NodeClosed
from probe.frozen_record import Record
from probe.tables.builds import Table

VENDORS: dict[Wanted, tuple[Vendor, ...]] = {
    "auto": ("nvidia", "amd", "apple"),
    "gpu": ("nvidia", "amd"),
    "cuda": ("nvidia",),
    "rocm": ("amd",),
    "mps": ("apple",),
    "cpu": (),
}


class ImageBuild(Record):
    """The one build inside a container image: the choice is between it and the CPU."""

    variant: Backend
    torch: str
    wheel: str


class Question(Record):
    """What a choice is made from."""

    facts: Facts
    table: Table
    wanted: Overrides = Overrides()
    image: ImageBuild | None = None  # where it has to be the build of an image
    line: str | None = None  # of torch, where it has to be that one

    @property
    def usable(self) -> tuple[Gpu, ...]:
        """The GPUs that a container started from here can use.

        On a host, a node that only this user may not open is no obstacle: the container gets the
        node's group by number.
        """
        outside = not self.facts.host.container
        return tuple(
            gpu
            for gpu in self.facts.gpus
            if gpu.state in USABLE or (outside and isinstance(gpu.why, NodeClosed))
        )

    @property
    def vendors(self) -> tuple[Vendor, ...]:
        """The makers whose GPUs may be used, in the order in which they are tried."""
        return VENDORS[self.wanted.backend]


class Selection(Record):
    """What to build, start and use."""

    backend: Backend
    device: str  # what PyTorch calls it: "cuda" for both vendors
    torch: str
    wheel: str
    index_url: str
    image: Backend
    gpus: tuple[Gpu, ...] = ()  # the ones to use, most useful first
    visible_devices: tuple[str, ...] = ()
    env: dict[str, str]
    run_flags: tuple[str, ...] = ()


class Rejected(Record):
    """A build that came before the chosen one in the walk, and why it was passed over."""

    wheel: str
    card: str | None = None  # for which one, if it is another than the one that was chosen
    why: Finding


class Choice(Record):
    """The selection with its reasons."""

    selection: Selection
    rejected: tuple[Rejected, ...] = ()
    advice: tuple[Advice, ...] = ()
