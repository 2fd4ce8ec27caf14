"""What must not stand in the log: by what is known of each key."""

import dataclasses
from urllib.parse import urlsplit
from urllib.request import getproxies

from alternator.config.settings import Config
from alternator.config.values import key_of


def secrets_of(config: Config) -> list[str]:
    """The values of all secret keys, and the passwords of the environment's proxies.

    Libraries that log where they connect to name the proxy.
    """
    found = [urlsplit(address).password or "" for address in getproxies().values()]
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
