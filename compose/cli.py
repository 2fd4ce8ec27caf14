"""``alternator up`` and ``alternator down``: from nothing to a running bot, and back."""

import argparse
import os
from pathlib import Path

from docker.models.containers import Container

from compose import check, demo, devices, memory, wait
from compose.errors import ComposeError, DeviceError
from compose.stack import Stack, account_stack, demo_stack, everything, sandbox_port
from images.build import host_choice, render
from images.build.build import build_sandbox, build_universal, build_variant
from images.catalog import load_catalog
from images.console import say
from images.engine.apt import INSTALL_VARIABLE
from images.engine.engine import engine_state
from images.engine.setup import ensure_engine
from probe.machine.operator_config import find_config_file
from probe.report.host_report import VARIABLE as HOST_REPORT
from probe.report.host_report import read_report
from probe.report.schema import Report

UNIVERSAL = "universal"


def up(argv: list[str]) -> int:
    """Probe this machine, build the image that suits it, and start the bot (or the demo)."""
    parser = argparse.ArgumentParser(
        prog="alternator up",
        description=f"{up.__doc__} Without an alternator.toml it starts the demo.",
    )
    parser.add_argument("--config", type=Path, help="the bot's configuration file")
    parser.add_argument("--demo", action="store_true", help="the demo, even if there is one")
    parser.add_argument("--variant", help="cpu, cuda, rocm or universal, not the choice")
    parser.add_argument("--base", help="registry, bootstrap, or an image reference")
    parser.add_argument(
        "--no-install", action="store_true", help="never install a container engine"
    )
    options = parser.parse_args(argv)
    if options.no_install:
        os.environ[INSTALL_VARIABLE] = "no"

    config = None if options.demo else find_config(options.config)
    say(f"Container engine: Docker {ensure_engine()}")
    universal = options.variant == UNIVERSAL
    report, device = _choose(None if universal else options.variant, config)
    for line in memory.warnings(report, config):
        say(line)
    render.write()
    catalog = load_catalog()
    if universal:
        image = build_universal(catalog, base_override=options.base).tag
    else:
        variant = host_choice.variant(catalog, report)
        image = build_variant(catalog, variant, base_override=options.base).tag
    variables = {
        HOST_REPORT: check.host_hint(report),
        **devices.variables(report["selection"]["run_flags"]),
        **memory.variables(report, config),
    }
    if config is None:
        sandbox = build_sandbox(catalog, base_override=options.base).tag
        stack = demo_stack(device, image, sandbox, variables, universal=universal)
        return _start_demo(stack, report)
    stack = account_stack(device, image, config, variables, universal=universal)
    return _start_account(stack, report, config)


def down(argv: list[str]) -> int:
    """Stop the stack and remove its containers; with --volumes also its data."""
    parser = argparse.ArgumentParser(prog="alternator down", description=down.__doc__)
    parser.add_argument(
        "--volumes", action="store_true", help="also remove what the bot remembers and its models"
    )
    options = parser.parse_args(argv)
    state = engine_state()
    if not state.reachable:
        raise ComposeError(f"no container engine answers, so nothing of ours runs ({state.why})")
    arguments = ["down", "--remove-orphans"] + (["--volumes"] if options.volumes else [])
    everything().run(*arguments)
    say("The stack is down" + (", its data removed." if options.volumes else "; its data is kept."))
    return 0


def find_config(explicit: Path | None) -> Path | None:
    """The configuration: as named, else where the bot itself would look; None for the demo."""
    found = find_config_file(os.environ, str(explicit) if explicit else None)
    if found is not None and not Path(found).is_file():
        raise ComposeError(f"{found}: there is no such file")
    return Path(found) if found else None


def _choose(backend: str | None, config: Path | None) -> tuple[Report, str]:
    """The probe's report and the device overlay; the CPU where the engine can't pass the GPU on."""
    report = host_choice.probe(backend, config)
    for line in host_choice.summary(report):
        say(line)
    try:
        return report, devices.overlay(report["selection"]["image"])
    except DeviceError as error:
        if backend is not None:
            raise
        if asked := devices.asked_for(config):
            raise DeviceError(f"{asked} asks for a GPU: {error}\nOr set it to auto.") from error
        say(f"Using the CPU: {error}\nThen run `make up` again.")
        return host_choice.probe("cpu"), "cpu"


def _start_demo(stack: Stack, report: Report) -> int:
    port = sandbox_port()
    demo.check_port(port)
    say("Starting the demo: the bot against a sandbox server with sample posts.")
    _start(stack, report)
    statuses = demo.until_described(port)
    demo.show(statuses)
    say("")
    say(f"Every sample is described. See the posts, and add your own: http://127.0.0.1:{port}/")
    say("Stop it with `make down`. For your own account, copy alternator.toml.example to")
    say("alternator.toml, fill in the server and the token, and run `make up` again.")
    return 0


def _start_account(stack: Stack, report: Report, config: Path) -> int:
    container = _start(stack, report)
    say(f"The bot runs with {config}. Follow it with: docker logs --follow {container.name}")
    return 0


def _start(stack: Stack, report: Report) -> Container:
    """Start the stack, wait for the bot, and say what its container lacks of what was chosen."""
    try:
        stack.run("up", "--detach", "--remove-orphans")
    except ComposeError as error:
        raise ComposeError(f"{error}\n{wait.last_words_of_the_dead()}".rstrip()) from error
    container = wait.until_healthy("bot")
    say("The bot is healthy.")
    for line in check.compare_with_host(read_report(report), check.container_report(container)):
        say(line)
    return container
