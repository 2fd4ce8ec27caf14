"""The flags of a choice for people who start containers their own way.

All of them hand over the same: the device, a read-only root, no capabilities, limits, and the two
volumes. ``docs/hardware.md`` says which of them were started, and with what.
"""

import os
from collections.abc import Callable

from probe.errors import ProbeError
from probe.findings.gpu import Hidden
from probe.report.schema import Report, SelectionReport
from probe.report.snippet_kubernetes import kubernetes
from probe.report.snippet_podman import podman, quadlet
from probe.report.snippet_settings import (
    CONFIG,
    MEMORY_LIMIT,
    MODELS,
    PIDS_LIMIT,
    STATE,
    STOP_S,
)
from probe.report.snippet_start import (
    READABLE,
    Start,
    continued,
    hardened,
    pairs,
    volumes,
)

IMAGE = "alternator:{version}-{variant}"


def snippet(kind: str, report: Report, version: str, *, root: bool | None = None) -> str:
    """What to put into one kind of file for the choice of a report.

    ``root`` says for whom Podman's are, by default for the user of this process. Raises
    ``ProbeError`` for an unknown kind and for a GPU that no container reaches.
    """
    if kind not in KINDS:
        raise ProbeError(f"--snippet: {kind!r} is none of {', '.join(KINDS)}")
    if report["selection"]["backend"] == "mps":
        raise ProbeError(
            "--snippet: no container reaches Apple's GPU; add --backend cpu for the CPU's image"
        )
    selection = report["selection"]
    start = Start(
        selection=selection,
        image=image_name(selection, version),
        named=_named(report),
        root=os.geteuid() == 0 if root is None else root,
    )
    return KINDS[kind](start)


def image_name(selection: SelectionReport, version: str) -> str:
    """The tag that `make images` gives to the build: ``alternator:<version>-cuda-cu130``."""
    parts: list[str] = [selection["image"]]
    if selection["wheel"] != selection["image"]:
        parts.append(selection["wheel"])
    return IMAGE.format(version=version, variant="-".join(parts))


def _named(report: Report) -> tuple[str, ...]:
    selection = report["selection"]
    if selection["backend"] != "cuda":
        return ()
    used = tuple(selection["visible_devices"])
    slices = any(name.startswith("MIG-") for name in used)
    hidden = any(gpu["code"] == Hidden.code for gpu in report["gpus"])
    return used if slices or hidden else ()


def _docker(start: Start) -> str:
    flags = list(start.selection["run_flags"])
    if start.named:
        flags = ["--gpus", f"'\"device={','.join(start.named)}\"'"]
    lines = [
        "docker run --detach --name alternator --restart unless-stopped",
        *pairs(flags),
        *hardened(start),
        "--log-driver local",
        # A bind mount that is not there is an error; --volume would make a folder of that name.
        f'--mount type=bind,source="$PWD/alternator.toml",target={CONFIG},readonly',
        *volumes(),
        start.image,
    ]
    return f"{READABLE}\n{continued(lines)}"


def _compose(start: Start) -> str:
    lines = [
        READABLE,
        "services:",
        "  bot:",
        f"    image: {start.image}",
        "    restart: unless-stopped",
        "    read_only: true",
        "    tmpfs: [/tmp]",
        "    cap_drop: [ALL]",
        "    security_opt: [no-new-privileges:true]",
        f"    pids_limit: {PIDS_LIMIT}",
        f"    mem_limit: {MEMORY_LIMIT}g",
        f"    stop_grace_period: {STOP_S}s",
        "    logging: {driver: local}",
        "    volumes:",
        f"      - {{type: bind, source: ./alternator.toml, target: {CONFIG}, read_only: true}}",
        f"      - state:{STATE}",
        f"      - models:{MODELS}",
    ]
    if start.env:
        lines.append("    environment:")
        lines += [f'      {name}: "{value}"' for name, value in start.env.items()]
    if start.backend == "cuda":
        ids = ", ".join(f'"{name}"' for name in start.named)
        lines += [
            "    deploy:",
            "      resources:",
            "        reservations:",
            "          devices:",
            "            - driver: nvidia",
            f"              device_ids: [{ids}]" if ids else "              count: all",
            "              capabilities: [gpu]",
        ]
    if start.backend == "rocm":
        lines.append("    devices:")
        lines += [f"      - {node}:{node}" for node in start.values("--device")]
        groups = start.values("--group-add")
        if groups:
            lines.append("    group_add:")
            lines += [f'      - "{group}"' for group in groups]
    return "\n".join([*lines, "volumes:", "  state:", "  models:"]) + "\n"


def _kubernetes(start: Start) -> str:
    return kubernetes(start.selection, start.image, groups=start.values("--group-add"))


KINDS: dict[str, Callable[[Start], str]] = {
    "docker": _docker,
    "compose": _compose,
    "podman": podman,
    "quadlet": quadlet,
    "kubernetes": _kubernetes,
}
