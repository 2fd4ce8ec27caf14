"""The container engine: the SDK's connection, and the clients that can build and compose.

The Docker SDK can't drive BuildKit, so builds go through a command-line client. A machine can have
several `docker` clients, not all of which can build: from 23 on a client needs the buildx plug-in.
"""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import docker
from docker.errors import DockerException

from images.errors import EngineError

FIRST_VERSION_THAT_NEEDS_BUILDX = 23
# An attestation would make an index of every image, and holds the hour of the build.
BUILDKIT = {
    "DOCKER_BUILDKIT": "1",
    "BUILDKIT_PROGRESS": "plain",
    "BUILDX_NO_DEFAULT_ATTESTATIONS": "1",
}


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """Whether an engine answers, and if not, what stands in the way."""

    reachable: bool
    version: str | None = None
    permission_denied: bool = False
    why: str | None = None


def connect(timeout_s: float = 60) -> docker.DockerClient:
    """A client of the running engine; EngineError if none answers."""
    try:
        return docker.from_env(timeout=int(timeout_s))
    except DockerException as error:
        raise EngineError(f"no container engine answers: {error}") from error


def engine_state() -> EngineState:
    """Ask the engine for its version (the SDK honours DOCKER_HOST and its companions)."""
    try:
        client = docker.from_env(timeout=10)
        version = client.version()
    except (DockerException, OSError) as error:
        return EngineState(
            reachable=False, permission_denied="Permission denied" in str(error), why=str(error)
        )
    return EngineState(reachable=True, version=str(version["Version"]))


@cache
def build_client() -> Path:
    """The first `docker` on PATH that can build with BuildKit; EngineError if there is none."""
    rejected = []
    for client in clients():
        why = why_it_cannot_build(client)
        if why is None:
            return client
        rejected.append(f"{client} {why}")
    raise EngineError(
        "no `docker` client here can build: "
        + ("; ".join(rejected) or "there is none on PATH")
        + ". Install Debian's docker.io, or the buildx plug-in (package docker-buildx)."
    )


def clients() -> list[Path]:
    """Every `docker` executable on PATH, in its order, each file once."""
    found: dict[Path, Path] = {}
    for folder in os.get_exec_path():
        candidate = Path(folder, "docker")
        if candidate.is_file() and os.access(candidate, os.X_OK):
            found.setdefault(candidate.resolve(), candidate)
    return list(found.values())


def why_it_cannot_build(client: Path) -> str | None:
    """Why this client can't build with BuildKit, or None if it can."""
    version = _first_line([str(client), "--version"])
    match = re.search(r"version (\d+)\.", version or "")
    if match is None:
        return "does not tell its version"
    if int(match[1]) < FIRST_VERSION_THAT_NEEDS_BUILDX:
        return None
    if _first_line([str(client), "buildx", "version"]) is None:
        return f"({match[1]}) has no buildx plug-in"
    return None


@cache
def compose_command() -> tuple[str, ...]:
    """The Compose command here: the v2 plug-in, else `docker-compose`; EngineError if neither."""
    for client in clients():
        if _first_line([str(client), "compose", "version"]) is not None:
            return (str(client), "compose")
    standalone = shutil.which("docker-compose")
    if standalone is not None:
        return (standalone,)
    raise EngineError(
        "Docker Compose is missing: install the package docker-compose-v2 (Ubuntu) or "
        "docker-compose (Debian)"
    )


def _first_line(command: list[str]) -> str | None:
    """The first line a command prints, or None if it fails or takes longer than 20 s."""
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.partition("\n")[0] if result.returncode == 0 else None
