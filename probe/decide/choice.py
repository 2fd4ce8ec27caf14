"""The types of a choice: what to build and use, what was passed over, what would help."""

from probe.decide.overrides import Overrides
from probe.facts import Backend, Facts, Gpu
from probe.frozen_record import Record
from probe.tables.builds import Table


class Situation(Record):
    """What a choice is made from."""

    facts: Facts
    table: Table
    wanted: Overrides
    usable: tuple[Gpu, ...]  # the GPUs that a container started from here can use
    candidates: tuple[Gpu, ...]  # of those, the ones of a vendor that the overrides allow


class ImageBuild(Record):
    """The one build inside a container image: the choice is between it and the CPU."""

    variant: Backend
    torch: str
    wheel: str


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
    why: str


class Choice(Record):
    """The selection with its reasons."""

    selection: Selection
    rejected: tuple[Rejected, ...] = ()
    advice: tuple[str, ...] = ()
