"""The container engine: one connection, and the clients that can build and compose (``clients``).

A command makes one ``Engine``, hands it to whatever needs it, and closes it at its end.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from types import TracebackType
from typing import Self

import docker
from docker.errors import DockerException, ImageNotFound

from images.engine.address import HOST
from images.engine.answers import (
    EngineFacts,
    HistoryStep,
    ImageFacts,
    engine_facts,
    history_steps,
    image_facts,
    is_podman,
)
from images.engine.clients import Clients
from images.engine.platforms import PLATFORMS, Platform, of_machine
from images.errors import EngineError

ANSWER_S = 60  # the longest an engine may take to answer
STATE_S = 10  # ... when the question is whether it answers at all


@dataclass(frozen=True, kw_only=True)
class EngineState:
    """Whether an engine answers, and if not, what stands in the way."""

    reachable: bool
    version: str | None = None
    podman: bool = False
    permission_denied: bool = False
    why: str | None = None


class Engine(Clients):
    """The engine that ``environ`` leads to (DOCKER_HOST and its companions, PATH for the clients).

    The connection is opened at the first question and closed by ``close``. Questions raise an
    EngineError where no engine answers.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
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
                address = self.environ.get(HOST) or "its usual address"
                raise EngineError(
                    f"no container engine answers at {address}: {reason_of(error)}. Start it "
                    f"(`sudo systemctl start docker`), or name another in {HOST}; where none is "
                    f"installed, `make up` says how"
                ) from error
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
                reachable=False,
                permission_denied=isinstance(system_error(error), PermissionError),
                why=reason_of(error),
            )
        return EngineState(
            reachable=True, version=str(version["Version"]), podman=is_podman(version)
        )

    def facts(self) -> EngineFacts:
        """What it says of itself."""
        return engine_facts(self.client.info(), self.client.version())

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
    def podman(self) -> bool:
        """Whether it is Podman that answers."""
        return self.facts().podman

    @property
    def build_command(self) -> tuple[str, ...]:
        """What a build's options follow: BuildKit's client, or Podman's own.

        Podman's API has no BuildKit behind it. Its images are of Docker's form, since the other one
        has no place for a health check.
        https://docs.podman.io/en/latest/markdown/podman-build.1.html
        """
        if not self.podman:
            return (str(self.build_client), "build", "--progress=plain")
        client = shutil.which("podman", path=self.environ.get("PATH"))
        if client is None:
            raise EngineError("Podman answers, and its own command, which builds, is not on PATH")
        address = self.environ.get(HOST)
        return (client, *(["--url", address] if address else []), "build", "--format=docker")


def system_error(error: BaseException | None) -> OSError | None:
    """What the system itself said, beneath the errors of the libraries; None where it did not."""
    found: OSError | None = None
    while error is not None:
        if isinstance(error, OSError) and error.strerror:
            found = error
        error = error.__cause__ or error.__context__
    return found


def reason_of(error: BaseException) -> str:
    """The system's own reason, else the library's words."""
    found = system_error(error)
    return str(error) if found is None else str(found.strerror)
