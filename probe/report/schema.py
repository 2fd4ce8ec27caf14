"""The JSON contract (schema 1): the one object that every other output is made from.

``docs/report.schema.json`` is made from these types (``tools/report_schema.py``). Keys may be
added; none is renamed or removed. A ``code`` is one of those in ``docs/reference.md``.
"""

from typing import Literal, NotRequired, TypedDict

from probe.decide.choice import Choice, Rejected, Selection
from probe.decide.fit import capability_text
from probe.facts import Backend, Facts, Gpu, Host, ProbeTrace, State, TraceCode, Vendor
from probe.finding import Finding
from probe.place import ContainerKind, MachineKind, SandboxKind

SCHEMA: Literal[1] = 1


class MarkReport(TypedDict):
    """What was seen, and what it tells."""

    tells: str
    seen: str


class WhereReport(TypedDict):
    """What the kernel runs on, the innermost container on it, the sandbox of a Snap or Flatpak, and
    by which marks that was told."""

    machine: MachineKind
    container: ContainerKind | None
    pod: bool
    sandbox: SandboxKind | None
    marks: list[MarkReport]


class HostReport(TypedDict):
    """The machine, or the container, that the probe ran in. ``system`` is a row of
    ``probe/tables/systems.toml``."""

    arch: str
    os: str
    wsl: bool
    container: bool
    where: WhereReport
    system: str | None


class GpuReport(TypedDict):
    """One GPU, or one MIG slice of one. Memory is in MiB. ``selected``: the choice uses it."""

    vendor: Vendor
    index: int
    uuid: str | None
    name: str
    memory_mib: int | None
    memory_free_mib: int | None
    driver: str | None
    compute_capability: str | None
    gfx: str | None
    state: State
    code: str | None
    why: str | None
    selected: bool


class SelectionReport(TypedDict):
    """What to build, start and use. ``device`` is what PyTorch calls it."""

    backend: Backend
    device: str
    torch: str
    wheel: str
    index_url: str
    image: Backend
    visible_devices: list[str]
    env: dict[str, str]
    run_flags: list[str]


class RejectedReport(TypedDict):
    """A build that was passed over, and why. ``causes`` are the codes of what is behind it, each
    behind the one before it. ``gpu`` names the card, if it is another than the chosen."""

    wheel: str
    gpu: NotRequired[str]
    code: str
    causes: list[str]
    why: str


class TraceReport(TypedDict):
    """One probe that ran. ``exit`` is null where it did not end by itself."""

    probe: str
    command: list[str]
    exit: int | None
    ms: int
    found: int
    code: TraceCode | None
    why: str | None


class Report(TypedDict):
    """All of it. For each line of ``advice``, in its order, ``advice_parts`` has its sentence and
    then each step of its remedy, ``advice_codes`` a code, and ``advice_causes`` the codes of what
    is behind it, as ``causes`` has them."""

    schema: Literal[1]
    host: HostReport
    gpus: list[GpuReport]
    selection: SelectionReport
    rejected: list[RejectedReport]
    trace: list[TraceReport]
    advice: list[str]
    advice_parts: list[list[str]]
    advice_codes: list[str]
    advice_causes: list[list[str]]


def host_report(host: Host) -> HostReport:
    """The machine, or the container, as JSON."""
    where = host.where
    return {
        "arch": host.arch,
        "os": host.os,
        "wsl": host.wsl,
        "container": host.container,
        "where": {
            "machine": where.machine,
            "container": where.container,
            "pod": host.pod,
            "sandbox": where.sandbox,
            "marks": [{"tells": mark.tells, "seen": mark.seen} for mark in where.marks],
        },
        "system": None if host.system is None else host.system.id,
    }


def report(facts: Facts, choice: Choice) -> Report:
    """Facts and choice as the object that ``--json`` prints."""
    host = facts.host
    return {
        "schema": SCHEMA,
        "host": host_report(host),
        "gpus": [_gpu(gpu, selected=gpu in choice.selection.gpus) for gpu in facts.gpus],
        "selection": _selection(choice.selection),
        "rejected": [_rejected(entry) for entry in choice.rejected],
        "trace": [_trace(line) for line in facts.trace],
        "advice": [entry.text(host.place) for entry in choice.advice],
        "advice_parts": [list(entry.parts(host.place)) for entry in choice.advice],
        "advice_codes": [entry.finding.code for entry in choice.advice],
        "advice_causes": [_causes(entry.finding) for entry in choice.advice],
    }


def _rejected(entry: Rejected) -> RejectedReport:
    found: RejectedReport = {
        "wheel": entry.wheel,
        "code": entry.why.code,
        "causes": _causes(entry.why),
        "why": str(entry.why),
    }
    if entry.card is not None:
        found["gpu"] = entry.card
    return found


def _causes(finding: Finding) -> list[str]:
    return [cause.code for cause in finding.causes]


def _gpu(gpu: Gpu, *, selected: bool) -> GpuReport:
    return {
        "vendor": gpu.vendor,
        "index": gpu.index,
        "uuid": gpu.uuid,
        "name": gpu.name,
        "memory_mib": gpu.memory_mib,
        "memory_free_mib": gpu.memory_free_mib,
        "driver": gpu.driver,
        "compute_capability": capability_text(gpu),
        "gfx": gpu.gfx,
        "state": gpu.state,
        "code": None if gpu.why is None else gpu.why.code,
        "why": None if gpu.why is None else str(gpu.why),
        "selected": selected,
    }


def _selection(selection: Selection) -> SelectionReport:
    return {
        "backend": selection.backend,
        "device": selection.device,
        "torch": selection.torch,
        "wheel": selection.wheel,
        "index_url": selection.index_url,
        "image": selection.image,
        "visible_devices": list(selection.visible_devices),
        "env": dict(selection.env),
        "run_flags": list(selection.run_flags),
    }


def _trace(line: ProbeTrace) -> TraceReport:
    return {
        "probe": line.probe,
        "command": list(line.command),
        "exit": line.exit,
        "ms": line.ms,
        "found": line.found,
        "code": line.code,
        "why": line.why,
    }
