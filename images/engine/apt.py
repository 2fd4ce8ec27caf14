"""Installs Debian packages on this machine, where that is allowed: as root, on Debian or Ubuntu."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from images.console import say
from images.errors import EngineError

INSTALL_VARIABLE = "ALTERNATOR_INSTALL"


def refusal() -> str | None:
    """Why packages can't be installed here, or None where they can."""
    if os.environ.get(INSTALL_VARIABLE, "").lower() in ("0", "no", "false", "off"):
        return f"{INSTALL_VARIABLE}={os.environ[INSTALL_VARIABLE]} forbids it"
    if shutil.which("apt-get") is None:
        return "this is not Debian or Ubuntu"
    if os.geteuid() != 0:
        return "you are not root"
    return None


def install(packages: Sequence[str], purpose: str) -> None:
    """Install ``packages``, said in one line; EngineError with apt's last words if it fails."""
    say(f"Installing {', '.join(packages)} from this distribution's packages, {purpose} ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update"],
        ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
    ):
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
        if result.returncode != 0:
            last_words = "\n".join((result.stdout + result.stderr).splitlines()[-5:])
            raise EngineError(
                f"`{' '.join(command)}` failed with exit code {result.returncode}:\n{last_words}\n"
                f"Install these packages yourself, then run the command again."
            )


def available(package: str) -> bool:
    """Whether apt knows a version of this package; fetches its lists first where there are none."""
    if shutil.which("apt-cache") is None:
        return False
    if os.geteuid() == 0 and not any(Path("/var/lib/apt/lists").glob("*_Packages*")):
        subprocess.run(["apt-get", "update"], capture_output=True, check=False)
    result = subprocess.run(
        ["apt-cache", "policy", package], capture_output=True, text=True, check=False
    )
    return "Candidate:" in result.stdout and "Candidate: (none)" not in result.stdout
