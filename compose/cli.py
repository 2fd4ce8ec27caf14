"""``alternator up`` and ``alternator down``: from nothing to a running bot, and back."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from compose import check, dashboard, devices, handed, memory
from compose.cli_examples import DOWN_EXAMPLES, UP_EXAMPLES
from compose.errors import ComposeError, DeviceError
from compose.stack import (
    LOG_DRIVER_VARIABLE,
    Bot,
    Project,
    everything,
    project_here,
    sandbox_port,
)
from compose.starting import Starting
from images.build import host_choice, render
from images.build.build import BuildRequest, build
from images.build.builder import Builder, builder_here
from images.catalog import AnyImage, load_catalog
from images.console import Console
from images.ending import by_signal
from images.engine.address import with_address
from images.engine.apt import may_install
from images.engine.engine import Engine
from images.engine.setup import ensure_engine
from probe.command_help import command_parser
from probe.machine.operator_config import find_config_file
from probe.report.host_report import VARIABLE as HOST_REPORT
from probe.report.schema import Report

UNIVERSAL = "universal"


def up(argv: list[str]) -> int:
    """Probe this machine, build the image that suits it, and start the bot (or the demo)."""
    parser = command_parser(
        "alternator up",
        f"{up.__doc__} Without an alternator.toml, or an account's two variables, it starts the "
        "demo.",
        UP_EXAMPLES,
    )
    parser.add_argument("--config", type=Path, help="the bot's configuration file")
    parser.add_argument("--demo", action="store_true", help="the demo, even if there is one")
    known = (*load_catalog().variants, UNIVERSAL)
    parser.add_argument("--variant", choices=known, help="instead of what the probe chooses")
    parser.add_argument("--base", help="registry, bootstrap, or an image reference")
    parser.add_argument(
        "--no-install", action="store_true", help="never install a container engine"
    )
    options = parser.parse_args(argv)
    console = Console()
    with by_signal(), Engine(with_address(os.environ)) as engine:
        installing = may_install(engine.environ) and not options.no_install
        config = None if options.demo else find_config(options.config, engine.environ)
        builder = builder_here(engine, console, may_install=installing)
        console.say(f"Container engine: {ensure_engine(engine, builder.apt, console)}")
        account = config is not None or (not options.demo and handed.is_account(engine.environ))
        wish = Wish(variant=options.variant, base=options.base, config=config, account=account)
        return start(builder, project_here(engine), wish)


def down(argv: list[str]) -> int:
    """Stop the stack and remove its containers; with --volumes also its data."""
    parser = command_parser("alternator down", down.__doc__, DOWN_EXAMPLES)
    parser.add_argument(
        "--volumes", action="store_true", help="also remove what the bot remembers and its models"
    )
    options = parser.parse_args(argv)
    with Engine(with_address(os.environ)) as engine:
        state = engine.state()
        if not state.reachable:
            raise ComposeError(
                f"no container engine answers, so nothing of ours runs ({state.why})"
            )
        arguments = ["down", "--remove-orphans"] + (["--volumes"] if options.volumes else [])
        project = project_here(engine)
        project.compose(everything(), *arguments)
        if options.volumes:
            project.remove_volumes()
    data = ", its data removed." if options.volumes else "; its data is kept."
    Console().say(f"The stack is down{data}")
    return 0


def find_config(explicit: Path | None, environ: Mapping[str, str]) -> Path | None:
    """The configuration: as named, else where the bot itself would look; None for the demo."""
    found = find_config_file(environ, str(explicit) if explicit else None)
    if found is None:
        return None
    if not Path(found).exists():
        raise ComposeError(f"{found}: there is no such file")
    if not Path(found).is_file():
        raise ComposeError(
            f"{found} is no file, but a directory, which a container engine makes where a file to "
            f"mount is missing; remove it and put the configuration in its place"
        )
    return Path(found)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the operator asks for: the demo, or an ``account``, configured by variables at least."""

    variant: str | None = None
    base: str | None = None
    config: Path | None = None
    account: bool = False


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What this machine is to run: the probe's report, the image, and the device overlay, or
    what is in its place where only some of the machine's GPUs are meant."""

    report: Report
    image: AnyImage
    device: str
    service: devices.Service | None = None


def device_variables(choice: Choice) -> dict[str, str]:
    """What the device's overlay takes, and what the host's probe saw."""
    return {
        HOST_REPORT: check.handed_report(choice.report),
        **devices.variables(choice.report["selection"]["run_flags"]),
    }


def start(builder: Builder, project: Project, wish: Wish) -> int:
    """Choose, render, build and start; returns once the bot is at work."""
    choice = choose(builder, wish, host_choice.probe)
    known = memory.model_of(wish.config, builder.environ)
    model = known if wish.account else memory.DEMO_MODEL
    for line in memory.warnings(choice.report, model, memory.memory_here()):
        builder.console.say(line)
    # What can't be read is told before anything is built.
    if wish.account:
        given = handed.for_account(builder.environ, wish.config)
        page = dashboard.of_account(wish.config, builder.environ)
    else:
        given = handed.for_demo(builder.environ)
        page = dashboard.of_demo(builder.environ)
    for line in given.notices:
        builder.console.say(line)
    render.write()
    image = build(BuildRequest(image=choice.image, base=wish.base), builder).tag
    bot = Bot(
        device=choice.device,
        service=choice.service,
        image=image,
        handed=given,
        universal=wish.variant == UNIVERSAL,
        podman=builder.engine.podman and not builder.environ.get(LOG_DRIVER_VARIABLE),
        variables={
            **device_variables(choice),
            **memory.variables(choice.report, model, builder.environ),
            **page.variables,
        },
        dashboard=page.overlays,
    )
    starting = Starting(
        project=project, console=builder.console, report=choice.report, dashboard=page
    )
    if wish.account:
        return starting.account(bot, wish.config)
    request = BuildRequest(image=builder.catalog.sandbox, base=wish.base)
    return starting.demo(bot, build(request, builder).tag, sandbox_port(builder.environ))


def choose(builder: Builder, wish: Wish, probe: host_choice.Prober) -> Choice:
    """What suits this machine; the CPU where the engine can't pass the GPU on.

    Raises DeviceError where that is not what the operator asked for.
    """
    universal = wish.variant == UNIVERSAL
    backend, environ = None if universal else wish.variant, builder.environ
    report = probe(environ, backend, wish.config)
    for line in host_choice.summary(report):
        builder.console.say(line)
    try:
        chosen = report["selection"]
        device = devices.overlay(chosen["image"], builder.engine, chosen["run_flags"])
    except DeviceError as error:
        if backend is not None:
            raise
        if asked := devices.asked_for(wish.config, environ):
            raise DeviceError(f"{asked} asks for a GPU: {error}\nOr set it to auto.") from error
        builder.console.say(f"Using the CPU: {error}\nThen run `make up` again.")
        report, device = probe(environ, "cpu"), "cpu"
    catalog = builder.catalog
    image = catalog.universal if universal else host_choice.variant(catalog, report)
    service = devices.service_for(device, report, builder.engine)
    return Choice(report=report, image=image, device=device, service=service)
