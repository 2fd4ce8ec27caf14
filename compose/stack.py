"""Which compose files and variables make up a stack, and the Compose command that runs them."""

import os
import stat
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compose.errors import ComposeError
from images.catalog import CHECKOUT
from images.engine.engine import compose_command

FOLDER = CHECKOUT / "compose"
PROJECT = os.environ.get("ALTERNATOR_PROJECT", "alternator")  # two stacks on one machine
DEFAULT_SANDBOX_PORT = 3000
IMAGE_USER = "10001:10001"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One way to start the project: overlays in the order Compose merges them, and variables."""

    overlays: tuple[str, ...]
    variables: Mapping[str, str]

    def command(self, *arguments: str) -> list[str]:
        """The Compose command line with this stack's files."""
        command = [*compose_command(), "--project-name", PROJECT]
        for path in self.files():
            command += ["--file", str(path)]
        return [*command, *arguments]

    def files(self) -> list[Path]:
        """The compose files, in the order in which they are merged."""
        return [FOLDER / f"{overlay}.yaml" for overlay in self.overlays]

    def run(self, *arguments: str) -> str:
        """Run Compose; its output, or a ComposeError with its last words."""
        result = subprocess.run(
            self.command(*arguments),
            env={**os.environ, **self.variables},
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


def demo_stack(
    device: str,
    image: str,
    sandbox_image: str,
    variables: Mapping[str, str],
    *,
    universal: bool = False,
) -> Stack:
    """The bot against the sandbox. ``device`` and ``variables`` come from ``compose.devices``.

    ``universal`` adds the volume for the builds that the universal image installs.
    """
    return Stack(
        overlays=(*_bot(device, universal), "demo"),
        variables={
            "ALTERNATOR_IMAGE": image,
            "ALTERNATOR_SANDBOX_IMAGE": sandbox_image,
            "SANDBOX_PORT": str(sandbox_port()),
            **variables,
        },
    )


def account_stack(
    device: str,
    image: str,
    config: Path,
    variables: Mapping[str, str],
    *,
    universal: bool = False,
) -> Stack:
    """The bot on the operator's own account. For the arguments see ``demo_stack``."""
    return Stack(
        overlays=(*_bot(device, universal), "account"),
        variables={
            "ALTERNATOR_IMAGE": image,
            "ALTERNATOR_CONFIG": str(config.resolve()),
            "ALTERNATOR_USER": container_user(config),
            **variables,
        },
    )


def everything() -> Stack:
    """Any stack of ours that may be running, for taking it down."""
    return Stack(
        overlays=("compose", "universal", "demo"),
        variables={"ALTERNATOR_IMAGE": "none", "ALTERNATOR_SANDBOX_IMAGE": "none"},
    )


def _bot(device: str, universal: bool) -> tuple[str, ...]:
    return ("compose", device, "universal") if universal else ("compose", device)


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


def sandbox_port() -> int:
    """The demo's port on this machine: ``SANDBOX_PORT``, else 3000."""
    text = os.environ.get("SANDBOX_PORT") or str(DEFAULT_SANDBOX_PORT)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ComposeError(f"SANDBOX_PORT={text} is no port: choose a number from 1 to 65535")
    return int(text)
