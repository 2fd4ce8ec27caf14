"""What the operator says of the server on the command line."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from alternator.errors import ConfigError
from alternator.transcribe.option_types import whole
from probe.command_help import with_examples

MEGABYTE = 10**6


@dataclass(frozen=True, kw_only=True)
class ServeOptions:
    """The command line. None stands for what the configuration says, or the first model.

    ``models``: names or paths; the first one is the default. ``most_models`` are kept at once.
    ``most_requests`` are under way at once, those that wait included. ``most_upload`` in bytes.
    ``grace_seconds``: how long a stop waits for what is under way. ``origins``: other sites whose
    pages may ask. ``wyoming_port``: where the Wyoming protocol is spoken, None: nowhere;
    ``wyoming_host`` None: at ``host``.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    wyoming_host: str | None = None
    wyoming_port: int | None = None
    models: tuple[str, ...] = ()
    config: Path | None = None
    engine: str | None = None
    device: str | None = None
    threads: int = 0
    tokens: Path | None = None
    most_models: int = 3
    most_requests: int = 256
    most_upload: int = 1000 * MEGABYTE
    most_minutes: int = 0
    idle_minutes: int | None = None
    grace_seconds: int = 300
    fetch: bool = False
    origins: tuple[str, ...] = ()


DEFAULTS = ServeOptions()


def parse(argv: list[str]) -> ServeOptions:
    """The options; ends with exit code 2 and the usage where they make no sense."""
    parser = build_parser()
    given = parser.parse_args(argv)
    if given.wyoming_host is not None and given.wyoming_port is None:
        parser.error("--wyoming-host says where --wyoming-port is; give both")
    return ServeOptions(
        host=given.host,
        port=given.port,
        wyoming_host=given.wyoming_host,
        wyoming_port=given.wyoming_port,
        models=tuple(given.model),
        config=given.config,
        engine=given.engine,
        device=given.device,
        threads=given.threads,
        tokens=given.tokens,
        most_models=given.models,
        most_requests=given.requests,
        most_upload=given.upload_mb * MEGABYTE,
        most_minutes=given.minutes,
        idle_minutes=given.idle_minutes,
        grace_seconds=given.grace_seconds,
        fetch=given.fetch,
        origins=tuple(given.origin),
    )


def wyoming_host(options: ServeOptions) -> str:
    """Where the Wyoming protocol is spoken. ConfigError where that would be a way around the tokens
    that nobody asked for."""
    if options.wyoming_port is not None and options.tokens and options.wyoming_host is None:
        raise ConfigError(
            "the Wyoming protocol knows no tokens: name the address where it may be used without "
            "one with --wyoming-host, or leave --wyoming-port away"
        )
    return options.wyoming_host or options.host


EXAMPLES = (
    ("alternator serve", "on this machine alone, with the configured model"),
    (
        "alternator serve --port 8000 --model base --model turbo",
        "two models",
    ),
)


def build_parser() -> argparse.ArgumentParser:
    """The parser; its help says what each option is for."""
    parser = argparse.ArgumentParser(
        prog="alternator serve",
        description="Answer OpenAI's audio API over HTTP: /v1/audio/transcriptions, "
        "/v1/audio/translations, /v1/realtime, /v1/models, whisper-asr-webservice's /asr and "
        "/detect-language, and a page at /. Engine, model, device and language "
        "come from alternator.toml and ALTERNATOR_WHISPER_* where they are not given here.",
    )
    with_examples(parser, parser.description, EXAMPLES)
    add = parser.add_argument
    add("--host", default=DEFAULTS.host, help="address to listen on (default: %(default)s)")
    add("--port", type=port, default=DEFAULTS.port, help="0: a free one (default: %(default)s)")
    add(
        "--model",
        action="append",
        default=[],
        metavar="NAME|PATH",
        help="a model to serve; may be given again, the first one is the default",
    )
    add("--config", type=Path, metavar="FILE", help="configuration file (default: alternator.toml)")
    add("--engine", help="name of a speech engine, or auto")
    add("--device", help="auto, cpu, cuda, rocm, or one of several GPUs as cuda:1")
    add("--threads", type=whole(0), default=0, help="CPU threads (default: as many as there are)")
    add_wyoming(parser.add_argument_group("the Wyoming protocol (Home Assistant)"))
    add_limits(parser.add_argument_group("limits"))
    add_access(parser.add_argument_group("access"))
    return parser


def add_wyoming(group: "argparse._ArgumentGroup") -> None:
    """Where that protocol is spoken."""
    add = group.add_argument
    add(
        "--wyoming-port",
        type=port,
        metavar="N",
        help="speak it at this port too, 10300 being usual (default: nowhere)",
    )
    add(
        "--wyoming-host",
        metavar="HOST",
        help="address to speak it at; it knows no tokens, so it must be named beside --tokens "
        "(default: as --host)",
    )


def add_limits(group: "argparse._ArgumentGroup") -> None:
    """What is kept, taken and waited for."""
    add = group.add_argument
    add(
        "--models",
        type=whole(1),
        default=DEFAULTS.most_models,
        metavar="N",
        help="models kept at once; the least recently used one makes room (default: %(default)s)",
    )
    add(
        "--requests",
        type=whole(1),
        default=DEFAULTS.most_requests,
        metavar="N",
        help="requests under way at once; more are answered 429 (default: %(default)s)",
    )
    add(
        "--upload-mb",
        type=whole(1),
        default=DEFAULTS.most_upload // MEGABYTE,
        metavar="N",
        help="largest upload in MB of 10^6 bytes (default: %(default)s)",
    )
    add(
        "--minutes",
        type=whole(0),
        default=0,
        metavar="N",
        help="longest sound in minutes (default: 0, up to 12 hours)",
    )
    add(
        "--idle-minutes",
        type=whole(0),
        metavar="N",
        help="a model without work for so long is unloaded; 0: never (default: as configured)",
    )
    add(
        "--grace-seconds",
        type=whole(0),
        default=DEFAULTS.grace_seconds,
        metavar="N",
        help="a stop waits so long for what is under way (default: %(default)s)",
    )


def add_access(group: "argparse._ArgumentGroup") -> None:
    """Who may ask, and for what."""
    add = group.add_argument
    add(
        "--tokens",
        type=Path,
        metavar="FILE",
        help="TOML file of bearer tokens, each with its own limit (default: everybody may ask)",
    )
    add(
        "--fetch",
        action="store_true",
        help="download a model of openai-whisper's that a client names and that is not here",
    )
    add(
        "--origin",
        action="append",
        default=[],
        metavar="URL",
        help="another site whose pages may ask (CORS); may be given again",
    )


def port(text: str) -> int:
    """A port's number. ArgumentTypeError for what is none."""
    number = whole(0)(text)
    if number > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: the highest is 65535")
    return number
