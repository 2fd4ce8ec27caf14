"""Compares what the host saw with what the container proved, and says what was lost on the way."""

import json

from docker.models.containers import Container

from probe.frozen_record import Record
from probe.machine.variables import REPORT_FILE
from probe.report.host_report import LaterReportError, SeenReport, meant_gpus, read_report
from probe.report.schema import Report
from probe.report.snippet_settings import STATE

REPORT = f"{STATE}/{REPORT_FILE}"  # the entrypoint's
PROVEN = ("proven",)


class NoReport(Record):
    """Why nothing is known of the container: it ``left`` no report, or one that is not read."""

    left: str = "no report"
    remedy: str = ""


def handed_report(report: Report) -> str:
    """The host's report as the container gets it: without its trace, on one line."""
    short = {
        "schema": report["schema"],
        "host": report["host"],
        "gpus": report["gpus"],
        "selection": report["selection"],
    }
    return json.dumps(short, separators=(",", ":"))


def container_report(container: Container) -> SeenReport | NoReport:
    """What the entrypoint left in the container."""
    result = container.exec_run(["cat", REPORT])
    if result.exit_code != 0 or not isinstance(result.output, bytes):
        return NoReport()
    try:
        return read_report(json.loads(result.output))
    except LaterReportError as error:
        return NoReport(
            left=f"a report of {error}",
            remedy=": use the same version of alternator on the host and in the image",
        )
    except (ValueError, RecursionError):
        return NoReport()


def compare_with_host(host: SeenReport, inside: SeenReport | NoReport) -> list[str]:
    """What the container does not have of what the host chose; empty where it has all of it."""
    wanted = host.backend
    if wanted == "cpu":
        return []
    if isinstance(inside, NoReport):
        unknown = f"so it is not known whether {wanted} works there"
        return [f"the container left {inside.left}, {unknown}{inside.remedy}"]
    if inside.backend == wanted:
        return []
    lines = [f"this machine was to use {wanted}, but the container uses {inside.backend}."]
    for gpu, seen in meant_gpus(host, inside, PROVEN):
        if seen is None:
            lines.append(f"  {gpu.name}: not visible in the container")
        elif seen.state not in PROVEN:
            lines.append(f"  {gpu.name}: {seen.state} there ({seen.why or 'no reason'})")
    return lines + [f"  {advice}" for advice in inside.advice]
