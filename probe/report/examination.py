"""What the doctor looks at, and what it says."""

from dataclasses import dataclass

from probe.decide.choice import Choice, ImageBuild, Question
from probe.facts import Facts, Gpu
from probe.finding import Advice, Finding, Steps
from probe.machine.host_software import HostSoftware
from probe.report.host_report import SeenReport
from probe.tables.builds import Table


@dataclass(frozen=True, kw_only=True)
class Improvement:
    """Something that could be better, and the commands or steps that make it so."""

    what: str
    steps: Steps = ()


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What the operator has set up: the image that this runs in, the model, the host's
    report."""

    image: ImageBuild | None = None
    model: str | None = None
    host: SeenReport | None = None


NO_SETTING = Setting()


@dataclass(frozen=True, kw_only=True)
class Examination:
    """All that the doctor looks at."""

    facts: Facts
    table: Table
    choice: Choice
    around: HostSoftware
    setting: Setting

    @property
    def question(self) -> Question:
        """What a choice for this machine is made from, with nothing asked for."""
        return Question(facts=self.facts, table=self.table)

    @property
    def inside(self) -> bool:
        """Whether this runs in a container."""
        return self.facts.host.container

    @property
    def like_a_machine(self) -> bool:
        """Whether this is a container in which engines are installed, as on a machine (LXC)."""
        return self.facts.host.place.kind == "lxc"

    def improvement(
        self, finding: Finding, *, gpu: Gpu | None = None, steps: Steps = ()
    ) -> Improvement:
        """A finding with its remedy, or with other steps that this machine needs."""
        remedy = steps or finding.remedy(self.facts.host.place)
        told = Advice(finding=finding, gpu=None if gpu is None else gpu.name)
        return Improvement(what=told.words, steps=remedy)
