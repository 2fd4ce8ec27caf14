"""Compares what the host saw with what the container proved, and says what was lost on the way."""

import json
from collections.abc import Mapping
from typing import Any

from docker.models.containers import Container

REPORT = "/var/lib/alternator/state/probe.json"
HOST_KEYS = ("schema", "host", "gpus", "selection")


def hint(report: Mapping[str, Any]) -> str:
    """The host's finding as the container gets it: the report without its trace, on one line."""
    return json.dumps({key: report[key] for key in HOST_KEYS}, separators=(",", ":"))


def container_report(container: Container) -> dict[str, Any] | None:
    """What the entrypoint left in the container; None where it left nothing readable."""
    result = container.exec_run(["cat", REPORT])
    if result.exit_code != 0 or not isinstance(result.output, bytes):
        return None
    try:
        found = json.loads(result.output)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def losses(host: Mapping[str, Any], inside: Mapping[str, Any] | None) -> list[str]:
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
