"""How this engine hands a GPU to a container: which device overlay fits, and its variables.

For NVIDIA there are three ways, and which one works is the engine's matter, not the card's: a
device request (``--gpus``), which the container toolkit's hook answers; the toolkit's runtime, for
engines whose hook is not set up; and CDI, for engines from 25 on that have a device specification:
https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html
https://docs.docker.com/reference/cli/dockerd/#configure-cdi-devices

The files in ``compose/`` hand over all GPUs of a vendor. Where only some are chosen, the rest stays
out by a service of its own in the file's place (``service``).
"""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from compose.errors import DeviceError
from images.engine.answers import EngineFacts
from images.engine.commands import here
from images.engine.engine import Engine
from probe.decide.handover import values_of
from probe.decide.overrides import read_overrides
from probe.facts import DRI, KFD
from probe.machine.cdi import CdiDevice, cdi_devices, cdi_specifications
from probe.machine.files import Tree
from probe.machine.host_software import docker_kind
from probe.machine.operator_config import whisper_settings
from probe.report.cdi_names import nvidia_names
from probe.report.doctor_commands import what_docker_lacks
from probe.report.schema import Report

# Through Docker's API, Podman passes over a device request, and a device by its CDI name either is
# taken for a path or passed over, by the versions of both:
# https://github.com/podman-container-tools/podman/issues/19338 and /issues/28436 (read 2026-11)
PODMAN = (
    "there is an NVIDIA GPU, and Podman does not hand one over through Compose. Its own command "
    "does, with the image that `make images` builds: alternator probe --snippet podman, or "
    "--snippet quadlet for a service"
)
HOOK = "nvidia-container-runtime-hook"
NO_WAY = "there is an NVIDIA GPU, but this engine can't hand it to a container. Type\n"


class Request(TypedDict, total=False):
    """A device request of Compose's."""

    driver: str
    count: str
    device_ids: list[str]
    capabilities: list[str]


class Service(TypedDict, total=False):
    """What a service of Compose's is given of GPUs."""

    deploy: dict[str, dict[str, dict[str, list[Request]]]]
    devices: list[str]
    environment: dict[str, str]
    group_add: list[str]
    runtime: str


def service_for(name: str, report: Report, engine: Engine) -> Service | None:
    """What takes the overlay's place for the choice of a report; None where it serves."""
    # One way asks by names, which an engine reads in folders of its own.
    known = cdi_devices(Tree(), engine.facts().cdi_folders) if name == "cuda-cdi" else ()
    return service(name, report, known)


def service(name: str, report: Report, cdi: Sequence[CdiDevice] = ()) -> Service | None:
    """What takes an overlay's place; None where all of the machine's GPUs may go."""
    selection = report["selection"]
    flags = selection["run_flags"]
    hiding = dict(value.split("=", 1) for value in values_of("--env", flags))
    nodes = values_of("--device", flags)
    named = "".join(values_of("--gpus", flags)) not in ("", "all")
    groups = values_of("--group-add", flags)
    # AMD's file has no place for nodes without a group of their own.
    whole = DRI in nodes and bool(groups) if name == "rocm" else not named
    if whole and not hiding:
        return None
    given: Service = {}
    if groups:
        given["group_add"] = groups
    if hiding:
        given["environment"] = hiding
    chosen = selection["visible_devices"] if named else []
    if name == "rocm":
        given["devices"] = [f"{node}:{node}" for node in nodes]
    elif name == "cuda-runtime":
        given["runtime"] = "nvidia"
        given["environment"] = {
            **hiding,
            "NVIDIA_VISIBLE_DEVICES": ",".join(chosen) or "all",
            "NVIDIA_DRIVER_CAPABILITIES": "compute,utility",
        }
    elif name == "cuda-cdi":
        ids = nvidia_names(chosen, report["gpus"], cdi)
        given["deploy"] = _reserved({"driver": "cdi", "device_ids": ids})
    elif chosen:
        given["deploy"] = _reserved({"driver": "nvidia", "device_ids": chosen})
    else:
        given["deploy"] = _reserved({"driver": "nvidia", "count": "all"})
    return given


def _reserved(request: Request) -> dict[str, dict[str, dict[str, list[Request]]]]:
    return {"resources": {"reservations": {"devices": [{**request, "capabilities": ["gpu"]}]}}}


def no_way() -> str:
    """That the engine has no way to hand the GPU over, and what gives it one on this machine."""
    lacking = what_docker_lacks(docker_kind(Tree()))
    return NO_WAY + "".join(f"    {line}\n" for line in lacking.remedy(here())).rstrip("\n")


def overlay(variant: str, engine: Engine, run_flags: Sequence[str] = ()) -> str:
    """The device overlay for a variant on an engine of this machine.

    ``run_flags`` are the probe's for ``docker run``. DeviceError where the engine has no way.
    """
    if variant != "cuda":
        return variant
    facts = engine.facts()
    if facts.podman:
        raise DeviceError(PODMAN)
    if "--runtime" in run_flags:  # the toolkit refuses its hook here, as on a Jetson
        if "nvidia" in facts.runtimes:
            return "cuda-runtime"
        raise DeviceError(no_way())
    return nvidia_overlay(
        facts,
        hook=shutil.which(HOOK, path=engine.environ.get("PATH")) is not None,
        specifications=cdi_specifications(Tree(), facts.cdi_folders),
    )


def nvidia_overlay(facts: EngineFacts, *, hook: bool, specifications: Sequence[str]) -> str:
    """``cuda``, ``cuda-runtime`` or ``cuda-cdi``: the first that is set up here.

    ``hook`` is whether the toolkit's hook is installed, which is all that a device request needs;
    ``specifications`` are the files that the engine would read. DeviceError where nothing is.
    """
    if hook:
        return "cuda"
    if "nvidia" in facts.runtimes:
        return "cuda-runtime"
    if specifications:
        return "cuda-cdi"
    raise DeviceError(no_way())


def asked_for(config: Path | None, environ: Mapping[str, str]) -> str:
    """What in the environment or the bot's configuration asks for a GPU; empty where nothing does.

    There the CPU is no way out: the bot would refuse to start on it.
    """
    settings = whisper_settings(environ, str(config) if config else None)
    wanted = read_overrides(environ, settings=settings)
    return "" if wanted.backend in ("auto", "cpu") else wanted.source


def variables(run_flags: Sequence[str]) -> dict[str, str]:
    """The numbers of the groups that may open the devices, as the overlays want them.

    ``run_flags`` are the probe's for ``docker run``. All of NVIDIA's nodes belong to one group
    (NVreg_DeviceFileGID), and most hosts leave them open to everybody.
    """
    groups = values_of("--group-add", run_flags)
    if not groups:
        return {}
    if KFD in run_flags:
        return {"ALTERNATOR_RENDER_GID": groups[0], "ALTERNATOR_VIDEO_GID": groups[-1]}
    return {"ALTERNATOR_NVIDIA_GID": groups[0]}
