"""Runs the server until it is told to stop; then what is under way is finished."""

import contextlib
import dataclasses
import ipaddress
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from alternator.config.load import load_section, load_whisper
from alternator.config.models import SERVER_ENGINE, WhisperSettings
from alternator.config.settings import LoggingSettings
from alternator.errors import AlternatorError
from alternator.log import set_up
from alternator.media.confined.kernel import keep_memory_private
from alternator.media.confined.standing import say_how_decoders_are_held
from alternator.serve import tokens
from alternator.serve.app import create_app
from alternator.serve.doors.wyoming import WyomingDoor
from alternator.serve.gate import Gate
from alternator.serve.metrics import Metrics
from alternator.serve.models import Models
from alternator.serve.names import Names
from alternator.serve.options import ServeOptions, wyoming_host
from alternator.serve.preload import Preload
from alternator.serve.server import Server
from alternator.serve.service import Service
from alternator.speech.options import configured
from alternator.speech.transcriber import Transcriber
from alternator.temporary import own_folder
from probe.errors import reason_of

log = logging.getLogger(__name__)

# Connections that wait to be taken: 200 clients may come in the same moment.
BACKLOG = 1024
KEEP_ALIVE_SECONDS = 75
# Of a WebSocket: OpenAI's 15 MiB of sound as base64, and the event around it.
MOST_MESSAGE_BYTES = 21 * 1024 * 1024


def run(options: ServeOptions) -> int:
    """Serve; 0 when it was told to stop. Errors say why it can't."""
    keep_memory_private()
    known = tokens.read(options.tokens) if options.tokens else tokens.OPEN
    logging_settings = load_section(LoggingSettings, options.config)
    set_up(logging_settings.level, known.secrets, logging_settings.format)
    settings = whisper_settings(options)
    with (
        own_folder("alternator-serve") as folder,
        listening(options.host, options.port) as sockets,
        listening(wyoming_host(options), options.wyoming_port) as wyoming_sockets,
    ):
        say_how_decoders_are_held()
        server, preload, models = prepare(options, settings, known, folder)
        server.wyoming_sockets = wyoming_sockets
        try:
            with server.taking_signals():
                for line in greeting(sockets, wyoming_sockets, known):
                    log.info("%s", line)
                server.run(sockets=sockets)
        finally:
            preload.stop()
            models.close()
        if preload.error is not None:
            raise preload.error
    return 0


def prepare(
    options: ServeOptions, settings: WhisperSettings, known: tokens.Tokens, folder: Path
) -> tuple[Server, Preload, Models]:
    """The server and what has to be ended after it."""
    names = Names(options.models or (settings.model,), settings.model_dir, fetch=options.fetch)

    def make(name: str) -> Transcriber:
        model = dataclasses.replace(settings, model=names.find(name).wanted)
        return Transcriber(model, device=options.device, threads=options.threads)

    models = Models(make, options.most_models)
    models.transcriber(names.default.id)  # what is wrong with the settings is said at the start
    gate = Gate(options.most_requests)
    service = Service(
        names=names,
        models=models,
        gate=gate,
        tokens=known,
        metrics=Metrics(gate, models),
        usual=configured(settings),
        folder=folder,
        most_upload=options.most_upload,
    )
    first = names.default.id if settings.preload else None
    preload = Preload(models, first, lambda: server.stop())  # noqa: PLW0108  # it is made below
    config = uvicorn.Config(
        create_app(service, preload, options.origins),
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="websockets-sansio",
        ws_max_size=MOST_MESSAGE_BYTES,
        ws_per_message_deflate=False,  # sound does not get smaller, and a small frame stays small
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=options.grace_seconds,
    )
    server = Server(config, gate, WyomingDoor(service))
    return server, preload, models


def whisper_settings(options: ServeOptions) -> WhisperSettings:
    """The configuration with what the command line says on top; the limit on length is the
    bot's."""
    settings = load_whisper(options.config)
    idle = options.idle_minutes
    engine = options.engine or settings.engine
    return dataclasses.replace(
        settings,
        engine=engine,
        # The bot's server may be this one.
        server_url=settings.server_url if engine == SERVER_ENGINE else None,
        max_duration_minutes=options.most_minutes,
        idle_unload_minutes=settings.idle_unload_minutes if idle is None else float(idle),
    )


@contextlib.contextmanager
def listening(host: str, port: int | None) -> Iterator[list[socket.socket]]:
    """Sockets on each address of a host; none without a port. ServeError if there can be none."""
    if port is None:
        yield []
        return
    with contextlib.ExitStack() as opened:
        try:
            found = socket.getaddrinfo(
                host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
            )
            sockets = [opened.enter_context(bound(one[0], one[4])) for one in dict.fromkeys(found)]
        except OSError as error:
            raise ServeError(
                f"{host}:{port} can't be listened on: {reason_of(error)}; choose another --host or "
                f"--port"
            ) from None
        yield sockets


class ServeError(AlternatorError):
    """The server can't be where it was asked to be."""


def bound(family: int, address: tuple[str | int | bytes, ...]) -> socket.socket:
    """A socket that listens on one address. OSError if that can't be."""
    # Named as TCP: asyncio sets TCP_NODELAY only where the protocol is told
    # (https://github.com/python/cpython/blob/v3.11.7/Lib/asyncio/base_events.py, _set_nodelay).
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(address)
        one.listen(BACKLOG)  # from now on clients wait until they are answered
    except OSError:
        one.close()
        raise
    return one


def greeting(
    sockets: list[socket.socket], wyoming_sockets: list[socket.socket], known: tokens.Tokens
) -> Iterator[str]:
    """What the log says at the start."""
    for one in sockets:
        shown, is_open = place_of(one)
        yield f"listening on http://{shown}"
        if not known.clients and is_open:
            yield (
                f"no --tokens: everybody who reaches {shown} may use this server, and its "
                f"uploads go over the network unencrypted unless something in front encrypts them"
            )
    for one in wyoming_sockets:
        shown, is_open = place_of(one)
        yield f"listening on tcp://{shown} (Wyoming)"
        if is_open:
            yield (
                f"Wyoming knows neither tokens nor encryption: everybody who reaches {shown} may "
                f"use this server"
            )
    if known.notice:
        yield known.notice


def place_of(one: socket.socket) -> tuple[str, bool]:
    """Where a socket listens, and whether other machines may reach it."""
    host, port = one.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{shown}:{port}", not ipaddress.ip_address(host).is_loopback
