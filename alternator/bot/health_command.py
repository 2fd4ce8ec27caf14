"""`alternator health`: asks a running bot how it is.

A container's engine asks every half minute, so it starts with as little as it can.
"""

from pathlib import Path

from alternator.bot import health_address
from alternator.bot.health_question import ask, shown_host
from alternator.config.load import load_section
from alternator.config.settings import HealthSettings, StateSettings
from alternator.errors import ConfigError
from alternator.terminal import say
from probe.command_help import command_parser
from probe.exit_codes import ExitCode

EXAMPLES = (("alternator health", "the answer as JSON; exit code 0 if it is well"),)


def main(argv: list[str]) -> int:
    """Ask a running bot how it is; exit code 0 if it is well, for a container's health check."""
    parser = command_parser("alternator health", main.__doc__, EXAMPLES)
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="the bot's (default: alternator.toml)"
    )
    arguments = parser.parse_args(argv)
    settings = None
    if arguments.config is None:
        # What the bot really does goes before what a configuration here says.
        settings = health_address.find(load_section(StateSettings).directory)
    if settings is None:
        settings = load_section(HealthSettings, arguments.config)
    if settings.port == 0:
        raise ConfigError("the health answer is turned off; set [health] port")
    told = ask(settings)
    if told is None:
        say(f"no bot answers on {shown_host(settings)}:{settings.port}")
        return ExitCode.FAILED
    say(told.text)
    return 0 if told.well else ExitCode.FAILED
