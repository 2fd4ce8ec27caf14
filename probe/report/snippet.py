"""The flags of a choice for people who start containers their own way.

All of them hand over the same: the device, a read-only root, no capabilities, limits, and the two
volumes. ``docs/hardware.md`` says which of them were started, and with what.
"""

import os
from collections.abc import Callable

from probe.errors import ProbeError
from probe.machine.cdi import cdi_devices
from probe.machine.this_machine import Machine
from probe.machine.variables import WHISPER_MODEL
from probe.report.schema import Report, SelectionReport
from probe.report.snippet_compose import compose
from probe.report.snippet_kubernetes import kubernetes
from probe.report.snippet_podman import podman, quadlet
from probe.report.snippet_settings import CONFIG
from probe.report.snippet_start import (
    HostDetails,
    Start,
    continued,
    hardened,
    pairs,
    readable,
    variables,
    volumes,
)
from probe.tables.models import memory_limit

IMAGE = "alternator:{version}-{variant}"


def snippet(kind: str, report: Report, version: str, around: HostDetails | None = None) -> str:
    """What to put into one kind of file for the choice of a report.

    ``around`` is what it depends on beside the choice. Raises ``ProbeError`` for an unknown kind
    and for a GPU that no container reaches.
    """
    if kind not in KINDS:
        raise ProbeError(f"--snippet: {kind!r} is none of {', '.join(KINDS)}")
    selection = report["selection"]
    if selection["backend"] == "mps":
        raise ProbeError(
            "--snippet: no container reaches Apple's GPU; add --backend cpu for the CPU's image"
        )
    given = around or HostDetails(root=os.geteuid() == 0)
    start = Start(
        selection=selection,
        gpus=tuple(report["gpus"]),
        image=image_name(selection, version),
        memory=memory_limit(given.model, cpu=selection["backend"] == "cpu"),
        root=given.root,
        cdi=given.cdi,
    )
    return KINDS[kind](start)


def host_details(machine: Machine) -> HostDetails:
    """What is known of this process' user, the bot's configuration here, and CDI."""
    return HostDetails(
        root=os.geteuid() == 0,
        model=machine.environ.get(WHISPER_MODEL) or machine.whisper_settings().get("model"),
        cdi=cdi_devices(machine.tree),
    )


def image_name(selection: SelectionReport, version: str) -> str:
    """The tag that `make images` gives to the build: ``alternator:<version>-cuda-cu130``."""
    parts: list[str] = [selection["image"]]
    if selection["wheel"] != selection["image"]:
        parts.append(selection["wheel"])
    return IMAGE.format(version=version, variant="-".join(parts))


def _docker(start: Start) -> str:
    lines = [
        "docker run --detach --name alternator --restart unless-stopped",
        *pairs(start.selection["run_flags"]),
        *variables(start.selection["env"]),
        *hardened(start),
        "--log-driver local",
        # A bind mount that is not there is an error; --volume would make a folder of that name.
        f'--mount type=bind,source="$PWD/alternator.toml",target={CONFIG},readonly',
        *volumes(),
        start.image,
    ]
    owner, *elsewhere = readable(start)
    return "\n".join([owner, continued(lines) + elsewhere[0], *elsewhere[1:]]) + "\n"


KINDS: dict[str, Callable[[Start], str]] = {
    "docker": _docker,
    "compose": compose,
    "podman": podman,
    "quadlet": quadlet,
    "kubernetes": kubernetes,
}
