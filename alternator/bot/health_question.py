"""Asks a running bot how it is, at the address that it left word of."""

from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from alternator.bot import health_address
from alternator.config.settings import HealthSettings

ASK_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a bot answered. ``well`` is its own judgement; ``text`` is JSON."""

    well: bool
    text: str


def place_of(directory: Path, settings: HealthSettings) -> HealthSettings:
    """Where the bot of a state directory answers: what it really does goes before ``settings``."""
    return health_address.find(directory) or settings


def ask(settings: HealthSettings) -> Told | None:
    """What the bot at this address answers; None where nobody does."""
    # No proxy of the environment: those are for the world outside.
    connection = HTTPConnection(local_host(settings), settings.port, timeout=ASK_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        return Told(well=response.status == 200, text=response.read().decode("utf-8", "replace"))
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def shown_host(settings: HealthSettings) -> str:
    """The host as an address has it."""
    host = local_host(settings)
    return f"[{host}]" if ":" in host else host


def local_host(settings: HealthSettings) -> str:
    """The host to ask; this machine where the bot listens on all addresses."""
    any_address = settings.host in ("", "0.0.0.0", "::")
    return "127.0.0.1" if any_address else settings.host
