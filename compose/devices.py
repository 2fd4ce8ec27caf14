"""How this engine hands a GPU to a container: which device overlay fits, and its variables.

For NVIDIA there are three ways, and which one works is the engine's matter, not the card's: a
device request (``--gpus``), which the container toolkit's hook answers; the toolkit's runtime, for
engines whose hook is not set up; and CDI, for engines from 25 on that have a device specification:
https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html
https://docs.docker.com/reference/cli/dockerd/#configure-cdi-devices
"""

import shutil
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from compose.errors import DeviceError
from images.engine.answers import EngineFacts
from images.engine.engine import Engine
from probe.decide.overrides import read_overrides
from probe.machine.cdi import cdi_specifications
from probe.machine.files import Tree
from probe.machine.operator_config import whisper_settings

# Through Docker's API, Podman passes over a device request, and a device by its CDI name either is
# taken for a path or passed over, by the versions of both:
# https://github.com/podman-container-tools/podman/issues/19338 and /issues/28436 (read 2026-11)
PODMAN = (
    "there is an NVIDIA GPU, and Podman does not hand one over through Compose. Its own command "
    "does, with the image that `make images` builds: alternator probe --snippet podman, or "
    "--snippet quadlet for a service"
)
HOOK = "nvidia-container-runtime-hook"


def overlay(variant: str, engine: Engine) -> str:
    """The device overlay for a variant on an engine of this machine."""
    if variant != "cuda":
        return variant
    facts = engine.facts()
    if facts.podman:
        raise DeviceError(PODMAN)
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
    raise DeviceError(
        "there is an NVIDIA GPU, but this engine can't hand it to a container. Install the NVIDIA "
        "container toolkit, then type\n"
        "    sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
    )


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
    groups = [value for flag, value in pairwise(run_flags) if flag == "--group-add"]
    if not groups:
        return {}
    if "/dev/kfd" in run_flags:
        return {"ALTERNATOR_RENDER_GID": groups[0], "ALTERNATOR_VIDEO_GID": groups[-1]}
    return {"ALTERNATOR_NVIDIA_GID": groups[0]}
