"""Asks a running bot how it is, at the address that it left word of."""

from dataclasses import dataclass
from pathlib import Path

import requests

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
    url = f"http://{shown_host(settings)}:{settings.port}/health"
    try:
        # Proxies of the environment are for the world outside.
        session = requests.Session()
        session.trust_env = False
        response = session.get(url, timeout=ASK_TIMEOUT_SECONDS)
        return Told(well=response.status_code == 200, text=response.text)
    except requests.RequestException:
        return None


def shown_host(settings: HealthSettings) -> str:
    """The host as an address has it; this machine where the bot listens on all addresses."""
    any_address = settings.host in ("", "0.0.0.0", "::")
    host = "127.0.0.1" if any_address else settings.host
    return f"[{host}]" if ":" in host else host
