"""From the settings to what transcribes: one engine, or several in turn."""

import dataclasses
import os
from collections.abc import Mapping

from alternator.config.models import OWN_PYTHON, SERVER_ENGINE, WhisperSettings
from alternator.errors import ConfigError, SpeechServerError
from alternator.speech.asking import model_for, server_of
from alternator.speech.chain import EngineChain, Link
from alternator.speech.engines.engine import Server
from alternator.speech.engines.openai_api.listing import listed_models, name_of
from alternator.speech.engines.registry import AUTO, AUTO_ENGINE, check_name
from alternator.speech.presence import Presence
from alternator.speech.transcriber import Transcriber
from alternator.speech.worker.words import model_of

# How long an engine that can't be loaded is left alone at first.
LEFT_ALONE_SECONDS = 600.0

Speech = Transcriber | EngineChain


def open_speech(
    settings: WhisperSettings,
    *,
    device: str | None = None,
    threads: int = 0,
    environ: Mapping[str, str] = os.environ,
) -> Speech:
    """What the settings ask for: one engine, or several. Nothing is started yet.

    ConfigError for an engine that is none, or that lacks its server.
    """
    each = in_turn(settings)
    if SERVER_ENGINE in settings.engines and settings.server_url is None:
        raise ConfigError(
            f"the speech engine {SERVER_ENGINE!r} needs a server; set [whisper] server_url to its "
            f"address, up to /v1"
        )
    if settings.python_executable == OWN_PYTHON:
        for name in settings.engines:
            check_name(name)
    made = [Transcriber(one, device=device, threads=threads, environ=environ) for one in each]
    if len(made) == 1:
        return made[0]
    names = [named(one) for one in each]
    return EngineChain(
        [
            Link(
                what=names[place],
                transcriber=transcriber,
                presence=presence_of(each[place], names[place], names[(place + 1) % len(names)]),
            )
            for place, transcriber in enumerate(made)
        ]
    )


def in_turn(settings: WhisperSettings) -> list[WhisperSettings]:
    """The settings of each engine, in the order in which they are asked; `auto` and what it stands
    for are one."""
    names: dict[str, str] = {}
    for name in settings.engines:
        names.setdefault(AUTO_ENGINE if name == AUTO else name, name)
    return [dataclasses.replace(settings, engine=name) for name in names.values()]


def presence_of(settings: WhisperSettings, what: str, instead: str) -> Presence:
    """Of a server, which can be asked; of another engine, which is tried after a while."""
    server = server_of(settings)
    if settings.engine != SERVER_ENGINE or server is None:
        return Presence(what, instead, lambda: True, first=LEFT_ALONE_SECONDS)

    def back() -> bool:
        try:
            listed_models(server, model_for(settings))
        except (SpeechServerError, ConfigError):
            return False
        return True

    return Presence(what, instead, back)


def server_asked(settings: WhisperSettings) -> Server | None:
    """The server that one of the engines in turn asks; None where none does."""
    for one in in_turn(settings):
        if one.engine == SERVER_ENGINE:
            return server_of(one)
    return None


def named(settings: WhisperSettings) -> str:
    """One engine with its model, as people call it."""
    server = server_of(settings)
    if settings.engine == SERVER_ENGINE and server is not None:
        return f"model {model_for(settings)} at {name_of(server)}"
    return model_of(settings.engine, settings.model)


def described(settings: WhisperSettings) -> str:
    """What transcribes by these settings, in words."""
    return ", else ".join(named(one) for one in in_turn(settings))
