"""A container of ours with a lifetime: started on entry, removed on exit, whatever happened."""

from types import TracebackType
from typing import Any, NamedTuple, Self, cast

from docker.errors import DockerException
from docker.models.containers import Container as StartedContainer

from images.engine.engine import Engine
from images.errors import EngineError


class Ended(NamedTuple):
    """A command that ran to its end: exit code, standard output, standard error."""

    status: int
    output: str
    messages: str


class Container:
    """A container of ``image`` that runs ``command``, for the time of a ``with`` block.

    ``settings`` are the SDK's own for a container and passed on. Entry raises an EngineError where
    the image is not here or does not start.
    """

    def __init__(self, engine: Engine, image: str, command: list[str], **settings: Any) -> None:
        self._engine = engine
        self._image = image
        self._command = command
        self._settings = settings
        self._started: StartedContainer | None = None

    def __enter__(self) -> Self:
        self._engine.inspect(self._image)  # the SDK would go and pull an image that is not here
        try:
            self._started = self._engine.client.containers.run(
                self._image, self._command, detach=True, **self._settings
            )
        except DockerException as error:
            raise EngineError(f"{self._image} can't be started: {error}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._started is not None:
            self._started.remove(force=True, v=True)
            self._started = None

    @property
    def started(self) -> StartedContainer:
        """The SDK's container, while the block is entered."""
        assert self._started is not None, "the container is used outside its `with` block"
        return self._started

    def ask(self, command: list[str]) -> Ended:
        """Run a second command inside, to its end."""
        answer = self.started.exec_run(command, demux=True)
        output, messages = cast(tuple[bytes | None, bytes | None], answer.output)
        return Ended(
            status=-1 if answer.exit_code is None else answer.exit_code,
            output=(output or b"").decode("utf-8", "replace"),
            messages=(messages or b"").decode("utf-8", "replace"),
        )

    def said(self) -> str:
        """All that it has printed until now, both streams."""
        return self.started.logs().decode("utf-8", "replace")

    def until_it_ends(self, timeout_s: float) -> Ended:
        """Wait for its end; the SDK's error after ``timeout_s``."""
        status = self.started.wait(timeout=timeout_s)["StatusCode"]
        output = self.started.logs(stdout=True, stderr=False)
        messages = self.started.logs(stdout=False, stderr=True)
        return Ended(
            status=status,
            output=output.decode("utf-8", "replace"),
            messages=messages.decode("utf-8", "replace"),
        )
