"""Which compose files and variables make up a stack, and the project that runs it on an engine."""

import json
import stat
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from docker.models.containers import Container

from compose.devices import Service
from compose.errors import ComposeError
from images.catalog import CHECKOUT, IMAGE_USER
from images.engine.engine import Engine
from probe.machine.variables import CONFIG_FILE

FOLDER = CHECKOUT / "compose"
# What the compose files take.
IMAGE_VARIABLE = "ALTERNATOR_IMAGE"
SANDBOX_IMAGE_VARIABLE = "ALTERNATOR_SANDBOX_IMAGE"
USER_VARIABLE = "ALTERNATOR_USER"
PROJECT_VARIABLE = "ALTERNATOR_PROJECT"  # two stacks on one machine
DEFAULT_PROJECT = "alternator"
PORT_VARIABLE = "SANDBOX_PORT"
DEFAULT_SANDBOX_PORT = 3000


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One way to start the project: overlays in the order Compose merges them, and variables."""

    overlays: tuple[str, ...]
    variables: Mapping[str, str]
    service: Service | None = None  # the bot's device, where no file has it

    def written(self, folder: Path) -> list[Path]:
        """The file that has no place in ``compose/``: written anew into ``folder``, JSON, which is
        YAML as well."""
        if self.service is None:
            return []
        file = folder / "device.json"
        file.write_text(json.dumps({"services": {"bot": self.service}}), encoding="utf-8")
        return [file]

    def files(self, folder: Path = FOLDER) -> list[Path]:
        """The compose files, in the order in which they are merged."""
        return [folder / f"{overlay}.yaml" for overlay in self.overlays]


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
            for path in (*stack.files(self.folder), *stack.written(Path(folder))):
                command += ["--file", str(path)]
            result = subprocess.run(
                [*command, *arguments],
                env={**self.engine.environ, **stack.variables},
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

    ``universal`` adds the volume for the builds that the universal image installs.
    """

    device: str
    image: str
    variables: Mapping[str, str] = field(default_factory=dict)
    universal: bool = False
    service: Service | None = None  # in the place of the device's file

    @property
    def overlays(self) -> tuple[str, ...]:
        """The files that every stack with this bot begins with."""
        device = [] if self.service else [self.device]
        return ("compose", *device, *(["universal"] if self.universal else []))


def demo_stack(bot: Bot, sandbox_image: str, port: int) -> Stack:
    """The bot against the sandbox, which is reached at ``port`` of this machine."""
    return Stack(
        overlays=(*bot.overlays, "demo"),
        service=bot.service,
        variables={
            IMAGE_VARIABLE: bot.image,
            SANDBOX_IMAGE_VARIABLE: sandbox_image,
            PORT_VARIABLE: str(port),
            **bot.variables,
        },
    )


def account_stack(bot: Bot, config: Path) -> Stack:
    """The bot on the operator's own account."""
    return Stack(
        overlays=(*bot.overlays, "account"),
        service=bot.service,
        variables={
            IMAGE_VARIABLE: bot.image,
            CONFIG_FILE: str(config.resolve()),
            USER_VARIABLE: container_user(config),
            **bot.variables,
        },
    )


def everything() -> Stack:
    """Any stack of ours that may be running, for taking it down."""
    return Stack(
        overlays=("compose", "universal", "demo"),
        variables={IMAGE_VARIABLE: "none", SANDBOX_IMAGE_VARIABLE: "none"},
    )


def container_user(config: Path) -> str:
    """The numeric ``uid:gid`` the bot runs as: one that can read the configuration, never root."""
    try:
        facts = config.stat()
    except OSError as error:
        raise ComposeError(f"{config}: {error.strerror}") from error
    if facts.st_mode & stat.S_IROTH:
        return IMAGE_USER
    if facts.st_uid == 0:
        raise ComposeError(
            f"{config} belongs to root and nobody else may read it, but the bot does not run as "
            f"root. Type\n    chown {IMAGE_USER} {config}"
        )
    return f"{facts.st_uid}:{facts.st_gid}"


def sandbox_port(environ: Mapping[str, str]) -> int:
    """The demo's port on this machine: ``SANDBOX_PORT``, else 3000."""
    text = environ.get(PORT_VARIABLE) or str(DEFAULT_SANDBOX_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ComposeError(f"{PORT_VARIABLE}={text} is no port: choose a number from 1 to 65535")
    return int(text)
