"""What the host saw, as a report handed to the container, against what the container sees.

``ALTERNATOR_HOST_REPORT`` holds the host's report (``alternator probe --json``) or names a file
with it. It never decides anything: it only tells what was lost on the way.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from probe.errors import ProbeError
from probe.facts import BACKENDS, USABLE
from probe.finding import Finding
from probe.findings.improvements import DriverChanged, LostGpu
from probe.frozen_record import Record
from probe.report.schema import SCHEMA
from probe.report.text import in_shell
from probe.strict_json import a_bool, a_list, a_text, a_text_or_none, an_object, texts

VARIABLE = "ALTERNATOR_HOST_REPORT"


class SeenGpu(Record):
    """One GPU of a report. What is not known of it is None."""

    vendor: str
    name: str
    state: str
    uuid: str | None = None
    driver: str | None = None
    gfx: str | None = None
    compute_capability: str | None = None
    why: str | None = None
    selected: bool | None = None  # whether the choice uses it; older reports do not say


class SeenReport(Record):
    """What is read of a report that another process made."""

    backend: str
    run_flags: tuple[str, ...] = ()
    visible_devices: tuple[str, ...] = ()
    gpus: tuple[SeenGpu, ...] = ()
    advice: tuple[str, ...] = ()


class LaterReportError(ValueError):
    """A report of a schema that is not known here."""


def read_report(data: object) -> SeenReport:
    """Read a report, by what is needed of it; keys that are not known here may stand in it.

    Raises ``LaterReportError`` for one of a later schema, ``ValueError`` for what is no report.
    """
    whole = an_object(data, "a report")
    schema = whole.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise LaterReportError(f"schema {schema}; this version reads {SCHEMA}")
    if schema != SCHEMA:
        raise ValueError(f"not of schema {SCHEMA}")
    selection = an_object(whole.get("selection"), "selection")
    return SeenReport(
        backend=a_text(selection.get("backend"), "backend"),
        run_flags=tuple(texts(selection.get("run_flags"), "run_flags")),
        visible_devices=tuple(texts(selection.get("visible_devices", []), "visible_devices")),
        gpus=tuple(_gpu(gpu) for gpu in a_list(whole.get("gpus"), "gpus")),
        advice=tuple(texts(whole.get("advice", []), "advice")),
    )


def _gpu(value: object) -> SeenGpu:
    gpu = an_object(value, "a GPU")
    return SeenGpu(
        vendor=a_text(gpu.get("vendor"), "vendor"),
        name=a_text(gpu.get("name"), "name"),
        state=a_text(gpu.get("state"), "state"),
        uuid=a_text_or_none(gpu.get("uuid"), "uuid"),
        driver=a_text_or_none(gpu.get("driver"), "driver"),
        gfx=a_text_or_none(gpu.get("gfx"), "gfx"),
        compute_capability=a_text_or_none(gpu.get("compute_capability"), "compute_capability"),
        why=a_text_or_none(gpu.get("why"), "why"),
        selected=None if gpu.get("selected") is None else a_bool(gpu["selected"], "selected"),
    )


def read_host_report(environ: Mapping[str, str]) -> SeenReport | None:
    """The host's report; None where it was not handed over.

    Raises ``ProbeError`` for a broken one.
    """
    value = environ.get(VARIABLE, "").strip()
    if not value:
        return None
    try:
        text = value if value.startswith("{") else Path(value).read_text(encoding="utf-8")
        return read_report(json.loads(text))
    except LaterReportError as error:
        raise ProbeError(
            f"{VARIABLE} holds a report of {error}; use the same version of alternator on the host "
            f"and in the image, or unset it"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise ProbeError(
            f"{VARIABLE} holds no report of the host ({type(error).__name__}); hand over what "
            f"`alternator probe --json` prints there, or unset it"
        ) from error


def meant_gpus(
    host: SeenReport, here: SeenReport, usable: Collection[str] = USABLE
) -> Iterator[tuple[SeenGpu, SeenGpu | None]]:
    """The GPUs that the host could use and meant to, each with the one that it is here.

    A GPU here that is in one of the states ``usable`` goes before others. A GPU without one, or
    with one of another state, is lost.
    """
    named = [name for name in host.visible_devices if name.startswith(("GPU-", "MIG-"))]
    free = sorted(here.gpus, key=lambda gpu: gpu.state not in usable)
    for gpu in host.gpus:
        if gpu.state not in USABLE or (gpu.vendor, host.backend) not in BACKENDS.items():
            continue
        if gpu.selected is False or (named and gpu.uuid and gpu.uuid not in named):
            continue  # the host itself left it out: another MIG slice, a card without code
        twin = next((other for other in free if _same(gpu, other)), None)
        if twin is not None:
            free.remove(twin)
        yield gpu, twin


def lost_on_the_way(host: SeenReport, here: SeenReport) -> Iterator[Finding]:
    """What the host could use and this container can't, and what else differs."""
    flags = in_shell(host.run_flags)
    for gpu, twin in meant_gpus(host, here):
        if twin is None or twin.state not in USABLE:
            yield LostGpu(name=gpu.name, uuid=gpu.uuid, flags=flags)
        elif gpu.driver and twin.driver and gpu.driver != twin.driver:
            yield DriverChanged(name=gpu.name, host=gpu.driver, here=twin.driver)


def _same(gpu: SeenGpu, other: SeenGpu) -> bool:
    if gpu.vendor != other.vendor:
        return False
    # Names come last: a slim container has no tool that knows the one that the host has seen.
    for mine, its in (
        (gpu.uuid, other.uuid),
        (gpu.gfx, other.gfx),
        (gpu.compute_capability, other.compute_capability),
    ):
        if mine and its:
            return mine == its
    return gpu.name == other.name
