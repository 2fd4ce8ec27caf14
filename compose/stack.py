"""Which compose files and variables make up a stack, and the project that runs it on an engine."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from docker.errors import DockerException
from docker.models.containers import Container

from compose.devices import Service
from compose.errors import ComposeError
from compose.handed import NOTHING, Handed
from images.catalog import CHECKOUT
from images.engine.engine import Engine

FOLDER = CHECKOUT / "compose"
# What the compose files take.
IMAGE_VARIABLE = "ALTERNATOR_IMAGE"
SANDBOX_IMAGE_VARIABLE = "ALTERNATOR_SANDBOX_IMAGE"
PROJECT_VARIABLE = "ALTERNATOR_PROJECT"  # two stacks on one machine
DEFAULT_PROJECT = "alternator"
PORT_VARIABLE = "SANDBOX_PORT"
DEFAULT_SANDBOX_PORT = 3000
LOG_DRIVER_VARIABLE = "ALTERNATOR_LOG_DRIVER"
PODMANS_LOG_DRIVER = "k8s-file"  # as podman.yaml has it
# An operator's own additions, read after all others; git ignores it.
OVERRIDE = "override"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One way to start the project: overlays in the order Compose merges them, and variables.

    ``withheld`` are variables of this machine that Compose does not get.
    """

    overlays: tuple[str, ...]
    variables: Mapping[str, str]
    withheld: frozenset[str] = frozenset()
    override: str = OVERRIDE  # the operator's own file, if there is one
    service: Service | None = None  # the bot's device, where no file has it

    def written(self, folder: Path) -> list[Path]:
        """The file that has no place in ``compose/``: written anew into ``folder``, JSON, which is
        YAML as well."""
        if self.service is None:
            return []
        file = folder / "device.json"
        file.write_text(json.dumps({"services": {"bot": self.service}}), encoding="utf-8")
        return [file]

    def files(self, folder: Path = FOLDER, written: Sequence[Path] = ()) -> list[Path]:
        """The compose files, in the order in which they are merged; last the operator's own."""
        own = folder / f"{self.override}.yaml"
        ours = [*(folder / f"{overlay}.yaml" for overlay in self.overlays), *written]
        return [*ours, own] if own.is_file() else ours

    def environ(self, here: Mapping[str, str]) -> dict[str, str]:
        """The variables that Compose runs with on this machine."""
        kept = {name: value for name, value in here.items() if name not in self.withheld}
        return {**kept, **self.variables}


@dataclass(frozen=True, kw_only=True)
class Project:
    """The containers, networks and volumes of one stack: Compose's project of that name."""

    name: str
    engine: Engine
    folder: Path = FOLDER

    def compose(self, stack: Stack, *arguments: str) -> str:
        """Run Compose; its output, or a ComposeError with its last words."""
        command = [*self.engine.compose_command, "--project-name", self.name]
        with tempfile.TemporaryDirectory(prefix="alternator-") as folder:
            for path in stack.files(self.folder, stack.written(Path(folder))):
                command += ["--file", str(path)]
            result = subprocess.run(
                [*command, *arguments],
                env=stack.environ(self.engine.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                check=False,
            )
        if result.returncode != 0:
            last_words = "\n".join(result.stdout.splitlines()[-6:])
            raise ComposeError(f"Compose failed ({' '.join(arguments)}):\n{last_words}")
        return result.stdout

    def container(self, service: str) -> Container | None:
        """The container of one of the stack's services, running or not."""
        labels = [self._label, f"com.docker.compose.service={service}"]
        found = self.engine.client.containers.list(all=True, filters={"label": labels})
        return found[0] if found else None

    def ended(self) -> list[Container]:
        """The stack's containers that ran to their end."""
        return self.engine.client.containers.list(
            all=True, filters={"label": self._label, "status": "exited"}
        )

    def remove_volumes(self) -> None:
        """Remove the stack's volumes that Compose left.

        Version 2 passes over one whose place in the bot's container another overlay takes (the
        demo's memory that of an account).
        """
        try:
            for volume in self.engine.client.volumes.list(filters={"label": self._label}):
                volume.remove()
        except DockerException as error:
            raise ComposeError(f"a volume of {self.name} can't be removed: {error}") from error

    @property
    def _label(self) -> str:
        # Both generations of Compose set it (LABEL_PROJECT):
        # https://github.com/docker/compose/blob/1.29.2/compose/const.py
        return f"com.docker.compose.project={self.name}"


def project_here(engine: Engine) -> Project:
    """The project that the engine's environment names, else ``alternator``."""
    return Project(name=engine.environ.get(PROJECT_VARIABLE) or DEFAULT_PROJECT, engine=engine)


@dataclass(frozen=True, kw_only=True)
class Bot:
    """The bot's part of a stack. ``device`` and ``variables`` come from ``compose.devices``.

    ``handed`` is what it gets of the operator's; ``universal`` adds the volume for the builds that
    the universal image installs; ``podman`` is whether that runs it and has no log driver told.
    """

    device: str
    image: str
    variables: Mapping[str, str] = field(default_factory=dict)
    handed: Handed = NOTHING
    universal: bool = False
    podman: bool = False
    service: Service | None = None  # in the place of the device's file
    dashboard: tuple[str, ...] = ()  # what publishes it

    def stack(self, *overlays: str, **variables: str) -> Stack:
        """A stack of this bot, with further overlays and variables.

        The device's overlay comes after the operator's variables: what it sets was decided.
        """
        podman = ["podman"] if self.podman else []
        device = [] if self.service else [self.device]
        universal = ["universal"] if self.universal else []
        own = (*podman, *self.handed.overlays, *self.dashboard, *device, *universal)
        return Stack(
            overlays=("compose", *own, *overlays),
            variables={
                IMAGE_VARIABLE: self.image,
                **({LOG_DRIVER_VARIABLE: PODMANS_LOG_DRIVER} if self.podman else {}),
                **variables,
                **self.variables,
                **self.handed.variables,
            },
            withheld=self.handed.withheld,
            service=self.service,
        )


def demo_stack(bot: Bot, sandbox_image: str, port: int) -> Stack:
    """The bot against the sandbox, which is reached at ``port`` of this machine."""
    return bot.stack("demo", **{SANDBOX_IMAGE_VARIABLE: sandbox_image, PORT_VARIABLE: str(port)})


def account_stack(bot: Bot) -> Stack:
    """The bot on the operator's own account, which is handed to it."""
    return bot.stack()


def everything() -> Stack:
    """Any stack of ours that may be running, for taking it down."""
    return Stack(
        overlays=("compose", "settings", "universal", "demo"),
        variables={IMAGE_VARIABLE: "none", SANDBOX_IMAGE_VARIABLE: "none"},
    )


def sandbox_port(environ: Mapping[str, str]) -> int:
    """The demo's port on this machine: ``SANDBOX_PORT``, else 3000."""
    return port_of(environ, PORT_VARIABLE, DEFAULT_SANDBOX_PORT)


def port_of(
    environ: Mapping[str, str], variable: str, default: int, *, least: int = 1, none: str = ""
) -> int:
    """A port of this machine that a variable may choose. ComposeError for one that is none.

    ``none`` ends the message: what else may stand there.
    """
    text = environ.get(variable) or str(default)
    if not text.isdecimal() or not least <= int(text) < 65536:
        raise ComposeError(f"{variable}={text} is no port: choose a number from 1 to 65535{none}")
    return int(text)
