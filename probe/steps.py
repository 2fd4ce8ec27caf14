"""What mends something, step by step: words, command lines, and what each place has of its own.

A command is given only where the tool it calls is there, or a line before installs it; where it is
missing its ``otherwise`` is said instead. Who becomes root by ``doas`` is not told ``sudo``. What
is root's in a container and concerns the kernel and the devices is told as the host's.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from probe.frozen_record import Record
from probe.place import ContainerKind, PlaceKind

# What each system has in its own way: a row of ``tables/systems.toml`` has keys of these names.
Wanted = Literal["driver", "legacy-driver", "amd-driver", "engine", "toolkit", "restart-docker"]


class Command(Record):
    """One line to type. Its texts are templates, as all words of a finding are."""

    run: str  # without what makes it root's
    does: str = ""  # what it is for, said before it
    note: str = ""  # a remark behind it
    tool: str = ""  # what has to be there; the first word of ``run`` where it is empty
    beside: str = ""  # another tool, without which this is of no use
    root: bool = False
    # Of the machine (its kernel, its devices), which a container shares with its host; or of what
    # is installed here.
    of: Literal["machine", "system"] = "machine"
    brings: tuple[str, ...] = ()  # tools that are there once it ran
    otherwise: str = ""  # said where the tool is missing
    # Where it is typed: another machine's tools and users are not known here.
    on: Literal["here", "the host", "Windows"] = "here"

    @property
    def needs(self) -> str:
        """The tool that it calls; a template too."""
        return self.tool or self.run.partition(" ")[0]


class OfSystem(Record):
    """What the system has a way of its own for; ``otherwise`` serves where none is known."""

    what: Wanted
    otherwise: "Template" = ()
    unless: str = ""  # nothing to do where this tool is there
    needs: str = ""  # nothing to do where this tool is missing


class ByContainer(Record):
    """How a container is given something, by who makes it; words alone, for it is done outside.

    ``docker`` serves where nobody knows who does, ``other`` where all is known and no name."""

    docker: str
    podman: str = ""
    containerd: str = ""
    apptainer: str = ""
    nspawn: str = ""
    other: str = ""

    def words(self, maker: ContainerKind | None) -> str:
        """What is said in a container of this kind."""
        named = {
            "podman": self.podman,
            "cri-o": self.podman,
            "containerd": self.containerd,
            "apptainer": self.apptainer,
            "nspawn": self.nspawn,
            "other": self.other,
        }
        return named.get(maker or "docker") or self.docker


Step = str | Command | OfSystem | ByContainer
Template = tuple[Step, ...]  # as a finding has it
Steps = tuple[str, ...]  # as a person reads it
Fill = Callable[[str], str]  # puts a finding's data into a template

ON = {"the host": "on the host: ", "Windows": "in Windows: "}
# What belongs to the kernel.
KERNELS: tuple[Wanted, ...] = ("driver", "legacy-driver", "amd-driver")
INSIDE: tuple[PlaceKind, ...] = ("container", "pod", "lxc")


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
    telling = _Telling(place, fill)
    telling.tell(steps)
    return tuple(dict.fromkeys(telling.lines))


class _Telling:
    """A remedy being told: the lines so far, and the tools that they bring."""

    def __init__(self, place: Surroundings, fill: Fill) -> None:
        self.lines: list[str] = []
        self._place, self._fill = place, fill
        self._brought: set[str] = set()

    def tell(self, steps: Sequence[Step]) -> None:
        """Add these steps."""
        for step in steps:
            if isinstance(step, Command):
                self._command(step)
            elif isinstance(step, OfSystem):
                there = step.unless and not self._missing(step.unless)
                if not there and not (step.needs and self._missing(step.needs)):
                    self._of_system(step)
            elif isinstance(step, ByContainer):
                self.lines.append(self._fill(step.words(self._place.container)))
            else:
                self.lines.append(self._fill(step))

    def _missing(self, tool: str) -> bool:
        return self._place.missing(tool) and tool not in self._brought

    def _of_system(self, step: OfSystem) -> None:
        """The system's own way; a driver is the host's, whose system is not known in here."""
        known = not (self._place.kind in INSIDE and step.what in KERNELS)
        own = self._place.ways(step.what) if known else ()
        self.tell(own or step.otherwise)

    def _command(self, step: Command) -> None:
        if step.beside and self._missing(step.beside):
            return
        moved = step.root and step.of == "machine" and self._place.kind in INSIDE
        on = "the host" if moved else step.on
        if on == "here" and self._missing(self._fill(step.needs).partition(" ")[0]):
            self.lines += [self._fill(step.otherwise)] if step.otherwise else []
            return
        self._brought.update(step.brings)
        become = self._place.become_root if on == "here" else "sudo "
        words = [self._fill(step.does)] if step.does else []
        run = self._fill(step.run.replace("{sudo}", become))
        typed = f"{ON.get(on, '')}{become if step.root else ''}{run}"
        note = f"   # {self._fill(step.note)}" if step.note else ""
        self.lines.append(": ".join([*words, typed]) + note)
