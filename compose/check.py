"""Compares what the host saw with what the container proved, and says what was lost on the way."""

import json

from docker.models.containers import Container

from probe.errors import ProbeError
from probe.report import host_report
from probe.report.schema import Report

REPORT = "/var/lib/alternator/state/probe.json"


def host_hint(report: Report) -> str:
    """The host's finding as the container gets it: the report without its trace, on one line."""
    kept = {
        "schema": report["schema"],
        "host": report["host"],
        "gpus": report["gpus"],
        "selection": report["selection"],
    }
    return json.dumps(kept, separators=(",", ":"))


def container_report(container: Container) -> Report | None:
    """What the entrypoint left in the container; None where it left nothing readable."""
    result = container.exec_run(["cat", REPORT])
    if result.exit_code != 0 or not isinstance(result.output, bytes):
        return None
    text = result.output.decode("utf-8", "replace").strip()
    try:
        # The reader that the container has for the host's holds for its own too.
        return host_report.read_host_report({host_report.VARIABLE: text})
    except ProbeError:
        return None


def compare_with_host(host: Report, inside: Report | None) -> list[str]:
    """What the container does not have of what the host chose; empty where it has all of it."""
    wanted = host["selection"]["backend"]
    if wanted == "cpu":
        return []
    if inside is None:
        return [f"the container left no report, so it is not known whether {wanted} works there"]
    got = inside["selection"]["backend"]
    if got == wanted:
        return []
    lines = [f"this machine was to use {wanted}, but the container uses {got}."]
    inside_gpus = {gpu["uuid"] or gpu["name"]: gpu for gpu in inside["gpus"]}
    for gpu in host["gpus"]:
        seen = inside_gpus.get(gpu["uuid"] or gpu["name"])
        if seen is None:
            lines.append(f"  {gpu['name']}: not visible in the container")
        elif seen["state"] != "proven":
            lines.append(f"  {gpu['name']}: {seen['state']} there ({seen['why'] or 'no reason'})")
    return lines + [f"  {advice}" for advice in inside["advice"]]
