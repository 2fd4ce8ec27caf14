"""The container engine: one connection, and the clients that can build and compose.

A command makes one ``Engine``, hands it to whatever needs it, and closes it at its end. The Docker
SDK can't drive BuildKit, so builds go through a command-line client. A machine can have several
`docker` clients, not all of which can build: from 23 on a client needs the buildx plug-in
(https://github.com/moby/moby/releases/tag/v23.0.0).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Self

import docker
from docker.errors import DockerException, ImageNotFound

from images.engine.answers import (
    EngineFacts,
    HistoryStep,
    ImageFacts,
    engine_facts,
    history_steps,
    image_facts,
)
from images.engine.platforms import PLATFORMS, Platform, of_machine
from images.errors import EngineError

FIRST_VERSION_THAT_NEEDS_BUILDX = 23
ANSWER_S = 60  # the longest an engine may take to answer
STATE_S = 10  # ... when the question is whether it answers at all
# An attestation would make an index of every image, and holds the hour of the build:
# https://docs.docker.com/build/building/variables/
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


class Engine:
    """The engine that ``environ`` leads to (DOCKER_HOST and its companions, PATH for the clients).

    The connection is opened at the first question and closed by ``close``. Questions raise an
    EngineError where no engine answers.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self._client: docker.DockerClient | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; a later question opens another."""
        if self._client is not None:
            self._client.close()
            self._client = None

    # The engine itself

    @property
    def client(self) -> docker.DockerClient:
        """The SDK's client, for what has no method here."""
        if self._client is None:
            try:
                self._client = self._open(ANSWER_S)
            except DockerException as error:
                raise EngineError(f"no container engine answers: {error}") from error
        return self._client

    def _open(self, timeout_s: int) -> docker.DockerClient:
        return docker.from_env(timeout=timeout_s, environment=self.environ)

    @contextmanager
    def patience(self, seconds: int) -> Iterator[docker.DockerClient]:
        """The client, with another limit for an answer than 60 s. Not for two threads at once."""
        client = self.client
        usual, client.api.timeout = client.api.timeout, seconds
        try:
            yield client
        finally:
            client.api.timeout = usual

    def state(self) -> EngineState:
        """Whether it answers now, and its version; no error where it does not."""
        try:
            with closing(self._open(STATE_S)) as client:
                version = client.version()
        except (DockerException, OSError) as error:
            return EngineState(
                reachable=False, permission_denied="Permission denied" in str(error), why=str(error)
            )
        return EngineState(reachable=True, version=str(version["Version"]))

    def facts(self) -> EngineFacts:
        """What it says of itself."""
        return engine_facts(self.client.info())

    @cached_property
    def platform(self) -> Platform:
        """Its own platform, which need not be this machine's; EngineError if it is unknown."""
        machine = self.facts().machine
        known = of_machine(machine)
        if known is None:
            raise EngineError(
                f"the container engine runs on {machine}, which torch has no build for: "
                f"images are for {' and '.join(map(str, PLATFORMS))}"
            )
        return known

    # Its images

    def find(self, reference: str) -> ImageFacts | None:
        """The image of that tag, digest or id; None where it is not here."""
        try:
            return image_facts(self.client.images.get(reference).attrs)
        except ImageNotFound:
            return None

    def inspect(self, reference: str) -> ImageFacts:
        """The image of that tag, digest or id; EngineError where it is not here."""
        found = self.find(reference)
        if found is None:
            raise EngineError(
                f"there is no image {reference} here; `alternator images list` shows those that are"
            )
        return found

    def images(self, label: str | None = None) -> list[ImageFacts]:
        """Every image here, or those that carry a label."""
        filters = {"label": label} if label else None
        return [image_facts(image.attrs) for image in self.client.images.list(filters=filters)]

    def history(self, reference: str) -> tuple[HistoryStep, ...]:
        """The steps that an image was made by, newest first."""
        return history_steps(self.client.images.get(reference).history())

    # Its clients

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
        standalone = shutil.which("docker-compose", path=self.environ.get("PATH"))
        if standalone is not None:
            return (standalone,)
        raise EngineError(
            "Docker Compose is missing: install the package docker-compose-v2 (Ubuntu) or "
            "docker-compose (Debian)"
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
        match = re.search(r"version (\d+)\.", version or "")
        if match is None:
            return "does not tell its version"
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
