"""Makes this machine ready for the tests: what they run, a registry, a browser, an engine, images.

What can't be had is said in one line, and the tests that need it skip with the reason.
"""

import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from images.build.build import BuildRequest, build
from images.build.builder import builder_here
from images.console import Console
from images.engine.apt import Apt, may_install
from images.engine.engine import Engine
from images.engine.setup import ensure_engine
from images.errors import EngineError
from tools.pci_ids import LIST
from tools.plain import run

PROGRAMS = {
    "chromium": "chromium",
    "docker-registry": "docker-registry",
    "espeak-ng": "espeak-ng",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
    # The server itself is not on PATH; this is what is installed beside it.
    "pg_createcluster": "postgresql",
    "pulseaudio": "pulseaudio",
    "pactl": "pulseaudio-utils",
}


FILES = {LIST: "pci.ids"}


def main() -> None:
    """Prepare what can be prepared."""
    console = Console()
    with Engine(os.environ) as engine:
        builder = builder_here(engine, console, may_install=may_install(engine.environ))
        install_programs(builder.apt)
        install_files(builder.apt)
        try:
            console.say(f"Container engine: {ensure_engine(engine, builder.apt, console)}")
        except EngineError as error:
            console.say(f"The tests that need a container engine will skip: {error}")
            return
        catalog = builder.catalog
        for image in (catalog.variant("cpu"), catalog.sandbox, catalog.postgres):
            build(BuildRequest(image=image), builder)


def install_programs(apt: Apt) -> None:
    """Install what the tests run, where that may be done; else say what is missing."""
    _install({package for name, package in PROGRAMS.items() if apt.program(name) is None}, apt)


def install_files(apt: Apt, files: Mapping[Path, str] = FILES) -> None:
    """The same for files that the tests read."""
    _install({package for path, package in files.items() if not path.exists()}, apt)


def _install(packages: Collection[str], apt: Apt) -> None:
    missing = sorted(packages)
    if not missing:
        return
    refusal = apt.refusal()
    if refusal is not None:
        names = ", ".join(missing)
        apt.console.say(f"Missing: {names} ({refusal}); the tests that need them will skip.")
        return
    apt.install(missing, "which the tests run")


if __name__ == "__main__":
    sys.exit(run(main))
