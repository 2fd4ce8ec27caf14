"""What must not stand in the log: by what is known of each key."""

import dataclasses
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import getproxies

from alternator.config.settings import Config
from alternator.config.values import key_of


def secrets_of(config: Config) -> list[str]:
    """The values of all secret keys, and the passwords of the database and of the environment's
    proxies.

    Libraries that log where they connect to name the proxy.
    """
    found = [urlsplit(address).password or "" for address in getproxies().values()]
    found += passwords_in(config.database.url or "")
    for section in dataclasses.fields(config):
        settings = getattr(config, section.name)
        if not dataclasses.is_dataclass(settings):
            continue  # the notices
        for field in dataclasses.fields(settings):
            value = getattr(settings, field.name)
            if isinstance(value, str) and key_of(field).secret:
                # Of several keys in one value each is a secret.
                found += dict.fromkeys((value, *value.split()))
    return [secret for secret in found if secret]


def passwords_in(url: str) -> list[str]:
    """The password of an address, as it stands there and as it is."""
    try:
        parts = urlsplit(url)
        named = [value for key, value in parse_qsl(parts.query) if key == "password"]
        return [parts.password or "", unquote(parts.password or ""), *named]
    except ValueError:
        return []  # no address, which is refused
