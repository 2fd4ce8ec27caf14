"""Compares what the host saw with what the container proved, and says what was lost on the way."""

import json

from docker.models.containers import Container

from probe.report.host_report import SeenReport, meant_gpus, read_report
from probe.report.schema import Report

REPORT = "/var/lib/alternator/state/probe.json"
PROVEN = ("proven",)


def host_hint(report: Report) -> str:
    """The host's finding as the container gets it: the report without its trace, on one line."""
    short = {
        "schema": report["schema"],
        "host": report["host"],
        "gpus": report["gpus"],
        "selection": report["selection"],
    }
    return json.dumps(short, separators=(",", ":"))


def container_report(container: Container) -> SeenReport | None:
    """What the entrypoint left in the container; None where it left nothing readable."""
    result = container.exec_run(["cat", REPORT])
    if result.exit_code != 0 or not isinstance(result.output, bytes):
        return None
    try:
        return read_report(json.loads(result.output))
    except ValueError:
        return None


def compare_with_host(host: SeenReport, inside: SeenReport | None) -> list[str]:
    """What the container does not have of what the host chose; empty where it has all of it."""
    wanted = host.backend
    if wanted == "cpu":
        return []
    if inside is None:
        return [f"the container left no report, so it is not known whether {wanted} works there"]
    if inside.backend == wanted:
        return []
    lines = [f"this machine was to use {wanted}, but the container uses {inside.backend}."]
    for gpu, seen in meant_gpus(host, inside, PROVEN):
        if seen is None:
            lines.append(f"  {gpu.name}: not visible in the container")
        elif seen.state not in PROVEN:
            lines.append(f"  {gpu.name}: {seen.state} there ({seen.why or 'no reason'})")
    return lines + [f"  {advice}" for advice in inside.advice]
