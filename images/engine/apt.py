"""Installs Debian packages on this machine, where that is allowed: as root, on Debian or Ubuntu."""

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from images.console import Console
from images.errors import EngineError

INSTALL_VARIABLE = "ALTERNATOR_INSTALL"
LISTS = Path("/var/lib/apt/lists")


def may_install(environ: Mapping[str, str]) -> bool:
    """Whether the operator lets packages be installed on this machine; yes unless it is said."""
    return environ.get(INSTALL_VARIABLE, "").lower() not in ("0", "no", "false", "off")


@dataclass(frozen=True, kw_only=True)
class Apt:
    """This machine's apt, with the environment that it runs in and whether it may be used."""

    environ: Mapping[str, str]
    may_install: bool
    console: Console

    def refusal(self) -> str | None:
        """Why packages can't be installed here, or None where they can."""
        if not self.may_install:
            return f"--no-install or {INSTALL_VARIABLE}=no forbids it"
        if self.program("apt-get") is None:
            return "this is not Debian or Ubuntu"
        if os.geteuid() != 0:
            return "you are not root"
        return None

    def program(self, name: str) -> str | None:
        """Where a program is on PATH; None where it is not."""
        return shutil.which(name, path=self.environ.get("PATH"))

    def install(self, packages: Sequence[str], purpose: str) -> None:
        """Install ``packages``, said in one line; EngineError with apt's last words if it fails."""
        self.console.say(
            f"Installing {', '.join(packages)} from this distribution's packages, {purpose} ..."
        )
        for command in (
            ["apt-get", "update"],
            ["apt-get", "install", "--yes", "--no-install-recommends", *packages],
        ):
            result = self._run(command)
            if result.returncode != 0:
                last_words = "\n".join((result.stdout + result.stderr).splitlines()[-5:])
                raise EngineError(
                    f"`{' '.join(command)}` failed with exit code {result.returncode}:\n"
                    f"{last_words}\nInstall these packages yourself, then run the command again."
                )

    def available(self, package: str) -> bool:
        """Whether apt knows a version of this package; fetches lists first where there are none."""
        if self.program("apt-cache") is None:
            return False
        if os.geteuid() == 0 and not any(LISTS.glob("*_Packages*")):
            self._run(["apt-get", "update"])
        result = self._run(["apt-cache", "policy", package])
        return "Candidate:" in result.stdout and "Candidate: (none)" not in result.stdout

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            # Untranslated: apt-cache's words are read.
            env={**self.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
