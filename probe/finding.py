"""What is known of a machine, as a code with its data; text and remedy are made from it here.

Each kind of finding is a class in ``probe/findings/``: its code, what it means (the docstring), its
data (the fields), and the templates of its words. Programs compare classes or codes; nothing reads
the words. ``docs/reference.md`` lists all kinds, made from these classes.
"""

from probe.frozen_record import Record
from probe.place import PlaceKind
from probe.steps import Steps, Surroundings, Template, render

__all__ = ["KINDS", "Advice", "Finding", "Place", "Steps"]

# Where the probe runs, with all that a remedy depends on; or the kind of place alone.
Place = Surroundings | PlaceKind

AS_ELSEWHERE: Template = ()
KINDS: "dict[str, type[Finding]]" = {}


class Finding(Record):
    """Base of the kinds. A template names fields and properties of its class in braces."""

    code = ""  # part of the JSON contract: never renamed
    says = ""
    steps = AS_ELSEWHERE  # what mends it, one thing to do after the other
    in_container = AS_ELSEWHERE  # where that differs from a host's
    in_pod = AS_ELSEWHERE
    in_lxc = AS_ELSEWHERE  # a system container: what it lacks is given by its own host
    in_wsl = AS_ELSEWHERE  # a distribution under WSL2, itself no container

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" in cls.__dict__ and KINDS.setdefault(cls.code, cls) is not cls:
            raise TypeError(f"{cls.__name__}: {cls.code!r} is the code of {KINDS[cls.code]}")

    def __str__(self) -> str:
        return self.says.format_map(_Data(self))

    @property
    def causes(self) -> "tuple[Finding, ...]":
        """The findings behind this one, each behind the one before it; mostly there are none."""
        behind = next((value for value in vars(self).values() if isinstance(value, Finding)), None)
        return () if behind is None else (behind, *behind.causes)

    def remedy(self, place: Place) -> Steps:
        """What mends it there, step by step; empty where nothing is known that does."""
        here = place if isinstance(place, Surroundings) else Surroundings(kind=place)
        data = _Data(self)
        return render(self.template(here.kind), here, lambda text: text.format_map(data))

    def template(self, kind: PlaceKind) -> Template:
        """The steps for that kind of place."""
        own: dict[PlaceKind, Template] = {
            "host": self.steps,
            "wsl": self.in_wsl,
            "wsl1": self.in_wsl,
            "lxc": self.in_lxc or self.in_container,
            "container": self.in_container,
            "pod": self.in_pod or self.in_container,
        }
        return own[kind] or self.steps


class _Data:
    """A finding as the mapping that a template is filled from."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding

    def __getitem__(self, name: str) -> object:
        return getattr(self._finding, name)


class Advice(Record):
    """A finding as advice: on one GPU (by its name), or on the machine and the choice."""

    finding: Finding
    gpu: str | None = None

    @property
    def words(self) -> str:
        """The sentence for a person."""
        return str(self.finding) if self.gpu is None else f"{self.gpu}: {self.finding}"

    def parts(self, place: Place) -> tuple[str, ...]:
        """The sentence, and the steps of its remedy."""
        return self.words, *self.finding.remedy(place)

    def text(self, place: Place) -> str:
        """The sentence with its remedy, in one line."""
        return "; ".join(self.parts(place))
