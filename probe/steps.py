"""What mends something, step by step: words, command lines, and what each system has of its own.

A command is given only where the tool it calls is there, or a line before installs it; where it is
missing its ``otherwise`` is said instead. Whoever may become root by ``doas`` is not told ``sudo``.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from probe.frozen_record import Record
from probe.place import ContainerKind, PlaceKind

# What each system has in its own way: a row of ``tables/systems.toml`` has keys of these names.
Wanted = Literal["driver", "amd-driver", "engine", "toolkit", "restart-docker"]


class Command(Record):
    """One line to type. Its texts are templates, as all words of a finding are."""

    run: str  # without what makes it root's
    does: str = ""  # what it is for, said before it
    note: str = ""  # a remark behind it
    tool: str = ""  # what has to be there; the first word of ``run`` where it is empty
    root: bool = False
    brings: tuple[str, ...] = ()  # tools that are there once it ran
    otherwise: str = ""  # said where the tool is missing
    # Where it is typed: another machine's tools and users are not known here.
    on: Literal["here", "the host", "Windows"] = "here"

    @property
    def needs(self) -> str:
        """The tool that it calls."""
        return self.tool or self.run.partition(" ")[0]


class OfSystem(Record):
    """What the system has a way of its own for; ``otherwise`` serves where none is known."""

    what: Wanted
    otherwise: "Template" = ()


Step = str | Command | OfSystem
Template = tuple[Step, ...]  # as a finding has it
Steps = tuple[str, ...]  # as a person reads it
Fill = Callable[[str], str]  # puts a finding's data into a template

ON = {"the host": "on the host: ", "Windows": "in Windows: "}


class System(Record):
    """An operating system as remedies need it: a row of ``tables/systems.toml``."""

    id: str
    name: str
    docs: str = ""  # its own documentation of GPUs or drivers
    image_based: bool = False  # no package is installed into it as it runs
    lacks: tuple[str, ...] = ()  # tools that others of its kind have
    own: tuple[tuple[Wanted, Template], ...] = ()
    told_by: tuple[str, ...] = ()  # the marks that hold here

    def way(self, what: Wanted) -> Template:
        """Its own way to have something; empty where none is known."""
        return next((steps for name, steps in self.own if name == what), ())


class Surroundings(Record):
    """What decides how a step is put: whose commands serve, which tools there are, who root is.

    Of a tool that is neither in ``has`` nor in ``lacks`` nobody knows; it is taken to be there.
    """

    kind: PlaceKind = "host"
    container: ContainerKind | None = None  # the innermost one's maker
    system: System | None = None
    has: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    root: bool = False  # this process is root's already

    def missing(self, tool: str) -> bool:
        """Whether a tool is known not to be there."""
        if tool in self.has:
            return False
        return tool in self.lacks or (self.system is not None and tool in self.system.lacks)

    @property
    def become_root(self) -> str:
        """What stands before a command that is root's."""
        if self.root:
            return ""
        if not self.missing("sudo"):
            return "sudo "
        return "doas " if "doas" in self.has else "as root: "

    def ways(self, what: Wanted) -> Template:
        """What the system does for it; empty where nothing is known."""
        return () if self.system is None else self.system.way(what)


def render(steps: Sequence[Step], place: Surroundings, fill: Fill = str) -> Steps:
    """The steps as they are told at this place."""
    lines: list[str] = []
    brought: set[str] = set()
    for step in _laid_out(steps, place):
        if isinstance(step, str):
            lines.append(fill(step))
        elif step.on == "here" and place.missing(step.needs) and step.needs not in brought:
            lines += [fill(step.otherwise)] if step.otherwise else []
        else:
            brought.update(step.brings)
            lines.append(_line(step, place, fill))
    return tuple(dict.fromkeys(lines))


def _laid_out(steps: Sequence[Step], place: Surroundings) -> list[str | Command]:
    """With the system's own ways in their places."""
    out: list[str | Command] = []
    for step in steps:
        if isinstance(step, OfSystem):
            out += _laid_out(place.ways(step.what) or step.otherwise, place)
        else:
            out.append(step)
    return out


def _line(step: Command, place: Surroundings, fill: Fill) -> str:
    become = "sudo " if step.on == "the host" else place.become_root
    words = [fill(step.does)] if step.does else []
    run = fill(step.run.replace("{sudo}", become))
    typed = f"{ON.get(step.on, '')}{become if step.root else ''}{run}"
    note = f"   # {fill(step.note)}" if step.note else ""
    return ": ".join([*words, typed]) + note
