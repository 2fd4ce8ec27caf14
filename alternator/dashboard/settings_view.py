"""The settings in effect, as the running bot has them, without secrets."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from alternator.config.check import MASK, toml_of
from alternator.config.effect import reasons_of
from alternator.config.keys import Key, default_of, key_of
from alternator.config.settings import SECTIONS, Config


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One key. ``without_effect`` is the reason, '' for one that has one."""

    name: str
    value: str
    is_default: bool
    help: str
    without_effect: str


@dataclass(frozen=True, kw_only=True)
class Section:
    """The keys of one section."""

    name: str
    settings: tuple[Setting, ...]


def sections_of(config: Config) -> Iterator[Section]:
    """All of a configuration."""
    reasons = dict(reasons_of(config))
    for name, cls in SECTIONS.items():
        settings = getattr(config, name)
        found = []
        for field in dataclasses.fields(cls):
            key, value = key_of(field), getattr(settings, field.name)
            setting = Setting(
                name=field.name,
                value=shown(key, value),
                is_default=value == default_of(field),
                help=key.help.replace("`", ""),
                without_effect=reasons.get((name, field.name), ""),
            )
            found.append(setting)
        yield Section(name=name, settings=tuple(found))


def shown(key: Key, value: object) -> str:
    """A value as TOML has it; a secret, and the password in an address, are masked."""
    if key.secret and value:
        return MASK
    if isinstance(value, str) and (password := password_in(value)):
        value = value.replace(password, MASK)
    return toml_of(value) or "not set"


def password_in(text: str) -> str | None:
    """The password in an address, None where there is none."""
    try:
        return urlsplit(text).password
    except ValueError:
        return None
