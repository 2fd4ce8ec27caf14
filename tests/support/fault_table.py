"""The table of steps and faults (``tests/faults/table.toml``) as typed objects."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parents[1] / "faults"
Times = Literal["once", "for ever"]
Outcome = Literal["later", "without", "holds", "ends", "once-more", "gone", "left", "given-up"]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A request that the bot makes. ``outcome`` is what comes of every fault there, if it is one.

    ``when`` "running": its posts are made after the bot has started. ``holds``: what can't go on
    while it fails for ever: "", "pictures" or "everything".
    """

    id: str
    title: str
    kind: str
    method: str
    path: str
    skip: int = 0
    after: bool = False
    when: Literal["", "running"] = ""
    stream: bool = True
    holds: Literal["", "pictures", "everything"] = ""
    outcome: Outcome | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong: ``answer`` has the fields of ``sandbox.control.faults.Fault``."""

    id: str
    title: str
    answer: dict[str, Any]
    on: dict[str, Outcome | list[Outcome]]
    reasons: dict[str, str] = field(default_factory=dict)  # why it is left out, by kind of step
    slow: bool = False  # each takes a request's total time
    long: bool = False  # played for longer than six tries take, also where they are not counted


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One cell: a fault at a step, of one answer or of ever the same, and what comes of it."""

    step: Step
    fault: Fault
    times: Times
    outcome: Outcome

    @property
    def id(self) -> str:
        return f"{self.step.id}-{self.fault.id}-{self.times.replace(' ', '-')}"


def load() -> tuple[list[Step], list[Fault]]:
    """All steps and faults, in the table's order."""
    document = tomllib.loads((FOLDER / "table.toml").read_text("utf-8"))
    steps = [Step(**entry) for entry in document["step"]]
    faults = [Fault(**entry) for entry in document["fault"]]
    return steps, faults


def outcome_of(step: Step, fault: Fault, times: Times) -> Outcome | None:
    """What comes of a pair; None where it is left out, and ``fault.reasons`` says why."""
    if step.kind in fault.reasons:
        return None
    if step.outcome is not None and step.id not in fault.on:
        return step.outcome
    found = fault.on.get(step.id) or fault.on[step.kind]
    return found if isinstance(found, str) else found[times == "for ever"]


def pairs() -> Iterator[Pair]:
    """Every pair that makes sense."""
    steps, faults = load()
    for step in steps:
        for fault in faults:
            times: Times
            for times in ("once", "for ever"):
                outcome = outcome_of(step, fault, times)
                if outcome is not None:
                    yield Pair(step=step, fault=fault, times=times, outcome=outcome)
