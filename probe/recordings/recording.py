"""A machine as data: what the probes saw of it, so that a choice can be made again elsewhere."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from probe.facts import Node
from probe.frozen_record import Record
from probe.machine.outcome import Outcome
from probe.machine.this_machine import Platform

# What a recording is worth: the probe's own, made on the machine; put together from outputs that
# somebody quoted in public (``source`` says where); or written by hand from public knowledge.
Evidence = Literal["recorded", "quoted", "written"]


class Expected(Record):
    """The right answer for a machine; a field that is None is not judged."""

    backend: str | None = None
    device: str | None = None
    torch: str | None = None
    wheel: str | None = None
    image: str | None = None
    visible_devices: list[str] | None = None
    env: dict[str, str] | None = None
    run_flags: list[str] | None = None
    states: list[str] | None = None  # of the GPUs, in order
    advice_codes: list[str] | None = None  # all of them, most important first
    # Parts of sentences, in any order: what files of before advice had codes expect.
    advice: tuple[str, ...] = ()
    # Codes that are, or are not, among those of the GPUs, of advice and of what is behind it.
    findings: tuple[str, ...] = ()
    not_findings: tuple[str, ...] = ()
    # Parts of the sentences of advice, remedies included, that are, or are not, in one of them.
    says: tuple[str, ...] = ()
    says_not: tuple[str, ...] = ()
    # The same of what the doctor says to do.
    doctor_says: tuple[str, ...] = ()
    doctor_says_not: tuple[str, ...] = ()


class RecordedCommand(NamedTuple):
    """A tool with its arguments, and how it ended."""

    command: tuple[str, ...]
    outcome: Outcome


@dataclass(kw_only=True)
class Recording:
    """What was seen; filled while probing (``recorder``), and read back (``recording_file``)."""

    platform: Platform
    environ: dict[str, str] = field(default_factory=dict)  # only what hides GPUs
    commands: list[RecordedCommand] = field(default_factory=list)
    tools: list[str] = field(default_factory=list)  # that are installed
    absent: list[str] = field(default_factory=list)  # looked for, and not installed
    root: bool = False  # whether it was root who looked
    files: dict[str, str | None] = field(default_factory=dict)  # None: there, and not readable
    nodes: dict[str, Node] = field(default_factory=dict)
    # Of a machine of the matrix.
    about: str = ""
    evidence: Evidence | None = None
    source: str = ""  # the address of what was quoted
    expected: Expected | None = None
