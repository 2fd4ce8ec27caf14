"""The command-line clients of the engine: which of those that are installed can build and compose.

The Docker SDK can't drive BuildKit, so builds go through a client. A machine can have several
`docker` clients, not all of which can build: from 23 on a client needs the buildx plug-in
(https://github.com/moby/moby/releases/tag/v23.0.0).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from images.errors import EngineError

FIRST_VERSION_THAT_NEEDS_BUILDX = 23
# Where packages put Compose for a `docker` that need not be there; it runs by itself too.
# https://docs.docker.com/compose/install/linux/
PLUGIN_FOLDERS = ("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins")
# An attestation would make an index of every image, and holds the hour of the build:
# https://docs.docker.com/build/building/variables/
BUILDKIT = {
    "DOCKER_BUILDKIT": "1",
    "BUILDKIT_PROGRESS": "plain",
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
}


class Clients:
    """The clients that ``environ`` leads to (PATH)."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)

    @cached_property
    def build_client(self) -> Path:
        """The first `docker` on PATH that can build with BuildKit; EngineError if there is none."""
        rejected = []
        for client in self.clients():
            why = self.why_it_cannot_build(client)
            if why is None:
                return client
            rejected.append(f"{client} {why}")
        raise EngineError(
            "no `docker` client here can build: "
            + ("; ".join(rejected) or "there is none on PATH")
            + ". Install Debian's docker.io, or the buildx plug-in (package docker-buildx)."
        )

    @cached_property
    def compose_command(self) -> tuple[str, ...]:
        """The Compose command: the v2 plug-in, else `docker-compose`; EngineError if neither."""
        for client in self.clients():
            if self._first_line(str(client), "compose", "version") is not None:
                return (str(client), "compose")
        folders = [*os.get_exec_path(self.environ), *PLUGIN_FOLDERS]
        standalone = shutil.which("docker-compose", path=os.pathsep.join(folders))
        if standalone is not None:
            return (standalone,)
        raise EngineError(
            "Docker Compose is missing: install the package docker-compose-v2 (Ubuntu) or "
            "docker-compose (Debian, Fedora; with Podman as well: podman-compose passes over "
            "limits and devices)"
        )

    def forget_clients(self) -> None:
        """Look for the clients anew: some may have been installed meanwhile."""
        for name in ("build_client", "compose_command"):
            self.__dict__.pop(name, None)

    def clients(self) -> list[Path]:
        """Every `docker` executable on PATH, in its order, each file once."""
        found: dict[Path, Path] = {}
        for folder in os.get_exec_path(self.environ):
            candidate = Path(folder, "docker")
            if candidate.is_file() and os.access(candidate, os.X_OK):
                found.setdefault(candidate.resolve(), candidate)
        return list(found.values())

    def why_it_cannot_build(self, client: Path) -> str | None:
        """Why this client can't build with BuildKit, or None if it can."""
        version = self._first_line(str(client), "--version")
        match = re.match(r"Docker version (\d+)\.", version or "")
        if match is None:
            return "is not Docker's own, or does not tell its version"
        if int(match[1]) < FIRST_VERSION_THAT_NEEDS_BUILDX:
            return None
        if self._first_line(str(client), "buildx", "version") is None:
            return f"({match[1]}) has no buildx plug-in"
        return None

    def build_environ(self) -> dict[str, str]:
        """The variables that a client builds with."""
        return {**self.environ, **BUILDKIT}

    def _first_line(self, *command: str) -> str | None:
        """The first line a command prints, or None if it fails or takes longer than 20 s."""
        try:
            result = subprocess.run(
                command, env=self.environ, capture_output=True, text=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return result.stdout.partition("\n")[0] if result.returncode == 0 else None
