"""Makes this machine ready for the tests: ffmpeg, espeak-ng and a registry, an engine, the images.

What can't be had is said in one line, and the tests that need it skip with the reason.
"""

import shutil
import sys

from images.build.build import build_sandbox, build_variant
from images.catalog import load_catalog
from images.console import say
from images.engine import apt
from images.engine.setup import ensure_engine
from images.errors import EngineError
from tools.plain import run

PROGRAMS = {
    "docker-registry": "docker-registry",
    "espeak-ng": "espeak-ng",
    "ffmpeg": "ffmpeg",
    "ffprobe": "ffmpeg",
}


def main() -> None:
    """Prepare what can be prepared."""
    _install_programs()
    try:
        say(f"Container engine: Docker {ensure_engine()}")
    except EngineError as error:
        say(f"The tests that need a container engine will skip: {error}")
        return
    catalog = load_catalog()
    build_variant(catalog, catalog.variant("cpu"))
    build_sandbox(catalog)


def _install_programs() -> None:
    missing = sorted({package for name, package in PROGRAMS.items() if shutil.which(name) is None})
    if not missing:
        return
    refusal = apt.refusal()
    if refusal is not None:
        say(f"Missing: {', '.join(missing)} ({refusal}); the tests that need them will skip.")
        return
    apt.install(missing, "which the tests run")


if __name__ == "__main__":
    sys.exit(run(main))
