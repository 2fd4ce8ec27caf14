"""``alternator scale``: the roles apart, each in containers of its own, meeting in PostgreSQL."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from compose import cli, dashboard, demo, memory, ports, scale_files, wait
from compose.cli import Choice, Wish
from compose.cli_examples import SCALE_EXAMPLES
from compose.errors import ComposeError, DeviceError
from compose.stack import (
    IMAGE_VARIABLE,
    LOG_DRIVER_VARIABLE,
    PODMANS_LOG_DRIVER,
    PORT_VARIABLE,
    SANDBOX_IMAGE_VARIABLE,
    Project,
    Stack,
    port_of,
    project_here,
    sandbox_port,
)
from images.build import host_choice, render
from images.build.build import BuildRequest, build
from images.build.builder import Builder, builder_here
from images.catalog import load_catalog
from images.console import Console
from images.ending import by_signal
from images.engine.address import with_address
from images.engine.apt import may_install
from images.engine.engine import Engine
from images.engine.setup import ensure_engine
from probe.command_help import command_parser

POSTGRES_IMAGE_VARIABLE = "ALTERNATOR_POSTGRES_IMAGE"
SECRETS_VARIABLE = "ALTERNATOR_SECRETS"
CONFIG_VARIABLE = "ALTERNATOR_CONFIG_FOLDER"
SERVER = "serve"
# In the order in which they need each other.
ROLES = (SERVER, "bot", "worker-vision", "worker-speech", "web")
MOST_WORKERS = 64


def main(argv: list[str]) -> int:
    """Start the roles apart, with a database: a bot, workers, a transcription server, the pages.

    Without an alternator.toml they work for the sandbox's account.
    """
    options = _parser().parse_args(argv)
    console = Console()
    with by_signal(), Engine(with_address(os.environ)) as engine:
        project = project_of(engine)
        if options.down or options.volumes:
            return down(project, console, volumes=options.volumes)
        installing = may_install(engine.environ) and not options.no_install
        config = None if options.demo else cli.find_config(options.config, engine.environ)
        builder = builder_here(engine, console, may_install=installing)
        console.say(f"Container engine: {ensure_engine(engine, builder.apt, console)}")
        wish = Wish(
            variant=options.variant,
            base=options.base,
            config=config,
            account=config is not None,
        )
        return Scale(builder=builder, project=project, wish=wish, workers=options.workers).up()


def _parser() -> argparse.ArgumentParser:
    parser = command_parser("alternator scale", main.__doc__, SCALE_EXAMPLES)
    parser.add_argument("--down", action="store_true", help="stop them; the database stays")
    parser.add_argument(
        "--volumes", action="store_true", help="stop them, and remove database, secrets and models"
    )
    parser.add_argument("--config", type=Path, help="the configuration file")
    parser.add_argument("--demo", action="store_true", help="the sandbox, even if there is one")
    parser.add_argument(
        "--workers",
        type=_workers,
        default=1,
        metavar="N",
        help="so many for pictures, and as many for speech (default: 1)",
    )
    parser.add_argument(
        "--variant", choices=tuple(load_catalog().variants), help="instead of the probe's choice"
    )
    parser.add_argument("--base", help="registry, bootstrap, or an image reference")
    parser.add_argument(
        "--no-install", action="store_true", help="never install a container engine"
    )
    return parser


def _workers(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKERS:
        raise argparse.ArgumentTypeError(f"a number from 1 to {MOST_WORKERS} is wanted")
    return int(text)


def project_of(engine: Engine) -> Project:
    """The project beside the one of ``alternator up``: both may run on one machine."""
    return Project(name=f"{project_here(engine).name}-scale", engine=engine)


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A stack in roles that is to be started."""

    builder: Builder
    project: Project
    wish: Wish
    workers: int = 1

    def up(self) -> int:
        """Choose, build and start; returns once every role is at work, and the sandbox's posts are
        described."""
        console, environ = self.builder.console, self.builder.environ
        choice = self._choose()
        own = [self._dashboard_port(), *([] if self.wish.account else [sandbox_port(environ)])]
        self._check_ports(*own)
        stack = self._stack(choice)
        numbers = [f"--scale=worker-{kind}={self.workers}" for kind in ("vision", "speech")]
        try:
            self.project.compose(stack, "up", "--detach", "--remove-orphans", *numbers)
        except ComposeError as error:
            words = wait.last_words_of_the_dead(self.project)
            raise ComposeError(f"{error}\n{words}".rstrip()) from error
        for role in ROLES:
            wait.until_healthy(self.project, role, console, ask=self.builder.engine.podman)
        console.say(f"At work: {', '.join(ROLES)}, and PostgreSQL.")
        if not self.wish.account:
            posts = demo.until_described(demo.Sandbox(port=sandbox_port(environ)), console)
            demo.show(posts, console)
            console.say("")
            console.say(f"Every sample is described: http://127.0.0.1:{sandbox_port(environ)}/")
        token = scale_files.folder_of(self.project.name, environ) / scale_files.SECRETS
        console.say(
            f"Dashboard: http://127.0.0.1:{self._dashboard_port()}/ "
            f"(token: cat {token / 'dashboard-token'})"
        )
        console.say("Stop them with `make scale-down`; VOLUMES=1 forgets everything.")
        return 0

    def _choose(self) -> Choice:
        """What suits this machine. DeviceError for a choice that only a bot can be handed."""
        choice = cli.choose(self.builder, self.wish, host_choice.probe)
        if choice.service is not None:
            raise DeviceError(
                "some of this machine's GPUs are to be left out, and a stack in roles is handed "
                "all of them: choose --variant cpu, or write compose/override.yaml"
            )
        return choice

    def _dashboard_port(self) -> int:
        return port_of(self.builder.environ, dashboard.PORT_VARIABLE, dashboard.DEFAULT_PORT)

    def _check_ports(self, page: int, *sandbox: int) -> None:
        ports.check(page, self.project, "web", dashboard.PORT_VARIABLE)
        for port in sandbox:
            ports.check(port, self.project, "sandbox", PORT_VARIABLE)

    def _stack(self, choice: Choice) -> Stack:
        """The files and variables, once the images are built and the secrets are there."""
        render.write()
        catalog, base = self.builder.catalog, self.wish.base
        images = {IMAGE_VARIABLE: choice.image, POSTGRES_IMAGE_VARIABLE: catalog.postgres}
        if not self.wish.account:
            images[SANDBOX_IMAGE_VARIABLE] = catalog.sandbox
        tags = {
            name: build(BuildRequest(image=image, base=base), self.builder).tag
            for name, image in images.items()
        }
        environ = self.builder.environ
        model = memory.model_of(self.wish.config, environ)
        folder = scale_files.folder_of(self.project.name, environ)
        placed = {SECRETS_VARIABLE: str(scale_files.make_secrets(folder))}
        if self.wish.config is not None:
            placed[CONFIG_VARIABLE] = str(scale_files.place_config(folder, self.wish.config))
        podman = self.builder.engine.podman and not environ.get(LOG_DRIVER_VARIABLE)
        return Stack(
            overlays=("scale", f"scale.{choice.device}", self._purpose),
            variables={
                **tags,
                **placed,
                **cli.device_variables(choice),
                **memory.variables(choice.report, model, environ),
                **({LOG_DRIVER_VARIABLE: PODMANS_LOG_DRIVER} if podman else {}),
            },
            override="scale.override",
        )

    @property
    def _purpose(self) -> str:
        return "scale.account" if self.wish.account else "scale.sandbox"


def down(project: Project, console: Console, *, volumes: bool) -> int:
    """Stop the stack and remove its containers; with ``volumes`` also its data and its secrets."""
    state = project.engine.state()
    if not state.reachable:
        raise ComposeError(f"no container engine answers, so nothing of ours runs ({state.why})")
    nothing = (IMAGE_VARIABLE, POSTGRES_IMAGE_VARIABLE, SANDBOX_IMAGE_VARIABLE)
    stack = Stack(
        overlays=("scale", "scale.sandbox"),
        variables={**dict.fromkeys(nothing, "none"), SECRETS_VARIABLE: "/nonexistent"},
        override="scale.override",
    )
    arguments = ["down", "--remove-orphans"] + (["--volumes"] if volumes else [])
    project.compose(stack, *arguments)
    if volumes:
        project.remove_volumes()
        scale_files.forget(scale_files.folder_of(project.name, project.engine.environ))
    data = ", their data and secrets removed." if volumes else "; the database is kept."
    console.say(f"The roles are down{data}")
    return 0
