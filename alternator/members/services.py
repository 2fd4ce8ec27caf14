"""Who gets what of a member's posts: told before anybody connects, from the configuration."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.settings import Config


@dataclass(frozen=True, kw_only=True)
class Services:
    """``pictures`` and ``sound`` are the names of the hosts that get them: '' where it is a machine
    of the operator's, None where nobody looks or listens. ``models`` look at pictures."""

    pictures: str | None
    models: tuple[str, ...]
    sound: str | None
    post_text: bool


def services_of(config: Config) -> Services:
    """Those of a configuration."""
    vision: VisionSettings = config.vision
    whisper: WhisperSettings = config.whisper
    return Services(
        pictures=foreign_host(vision.base_url) if vision.enabled else None,
        models=vision.vision_models if vision.enabled else (),
        sound=foreign_host(whisper.server_url) if whisper.enabled else None,
        post_text=config.descriptions.use_post_text,
    )


def foreign_host(url: str | None) -> str:
    """The name of a host that is not surely the operator's own; '' for what is."""
    host = urlsplit(url or "").hostname or ""
    # A name without a dot is one of a network of containers, say.
    if "." not in host and ":" not in host:
        return ""
    try:
        return "" if ipaddress.ip_address(host).is_private else host
    except ValueError:
        return host
