"""What the host saw, handed to the container as a hint, against what the container sees.

``ALTERNATOR_HOST_REPORT`` holds the host's report (``alternator probe --json``) or names a file
with it. A hint never decides anything: it only tells what was lost on the way.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from probe.errors import ProbeError
from probe.report.schema import Report

VARIABLE = "ALTERNATOR_HOST_REPORT"
USABLE = ("accessible", "proven")


def read_host_report(environ: Mapping[str, str]) -> Report | None:
    """The host's report; None where there is no hint. Raises ``ProbeError`` for a broken one."""
    value = environ.get(VARIABLE, "").strip()
    if not value:
        return None
    try:
        text = value if value.startswith("{") else Path(value).read_text(encoding="utf-8")
        report = json.loads(text)
        if report["schema"] != 1 or not isinstance(report["gpus"], list):
            raise ValueError("not of schema 1")
        missing = [
            key
            for gpu in report["gpus"]
            for key in ("name", "state", "vendor", "uuid", "driver")
            if key not in gpu
        ]
        selection = report["selection"]
        words = [*selection["run_flags"], *selection.get("visible_devices", [])]
        if missing or not all(isinstance(word, str) for word in words):
            raise ValueError("not of schema 1")
        if not isinstance(selection["backend"], str):
            raise ValueError("not of schema 1")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ProbeError(
            f"{VARIABLE} holds no report of the host ({type(error).__name__}); hand over what "
            f"`alternator probe --json` prints there, or unset it"
        ) from error
    found: Report = report
    return found


def lost_on_the_way(host: Report, here: Report) -> Iterator[tuple[str, str | None]]:
    """What the host could use and this container can't, each with what to type (or None)."""
    flags = " ".join(host["selection"]["run_flags"])
    backend = host["selection"]["backend"]
    start = f"docker run {flags} …   # or: make up" if flags else None
    named = [
        n for n in host["selection"].get("visible_devices", ()) if n.startswith(("GPU-", "MIG-"))
    ]
    reached = [gpu for gpu in here["gpus"] if gpu["state"] in USABLE]
    for gpu in host["gpus"]:
        if gpu["state"] not in USABLE or _used_backend(gpu) != backend:
            continue
        if named and gpu["uuid"] and gpu["uuid"] not in named:
            continue  # the host itself left it out: another MIG slice, a card without code
        twin = next((other for other in reached if _same(gpu, other)), None)
        if twin is None:
            label = f"{gpu['name']} ({gpu['uuid']})" if gpu["uuid"] else gpu["name"]
            yield f"the host could use {label}; this container does not reach it", start
            continue
        reached.remove(twin)
        if gpu["driver"] and twin["driver"] and gpu["driver"] != twin["driver"]:
            yield (
                f"{gpu['name']}: the host had driver {gpu['driver']}, this container sees "
                f"{twin['driver']}",
                "restart the container: the driver was changed under it",
            )


def _used_backend(gpu: Report) -> str:
    return {"nvidia": "cuda", "amd": "rocm", "apple": "mps"}.get(gpu["vendor"], "")


def _same(gpu: Report, other: Report) -> bool:
    if gpu["vendor"] != other["vendor"]:
        return False
    # Names come last: a slim container has no tool that knows the one that the host has seen.
    for key in ("uuid", "gfx", "compute_capability"):
        if gpu.get(key) and other.get(key):
            return bool(gpu[key] == other[key])
    return bool(gpu["name"] == other["name"])
