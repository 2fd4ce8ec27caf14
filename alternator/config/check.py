"""``alternator config check``: what takes effect, from where, and all that is wrong."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from alternator.config.effect import without_effect
from alternator.config.load import config_of, notices_of_secrets, value_of
from alternator.config.settings import SECTIONS, Config, keys_of
from alternator.config.source import Source, Values, read_source
from alternator.config.values import Value
from alternator.errors import ConfigError

MASK = "***"
# Where the comment begins that says where a value is from.
COLUMN = 60


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was found: ``mistakes`` end a start, ``remarks`` don't. ``lines`` is what takes effect,
    empty where a mistake keeps that from being known."""

    mistakes: tuple[str, ...]
    remarks: tuple[str, ...]
    lines: tuple[str, ...]


def check(path: Path | None, environ: Mapping[str, str]) -> Checked:
    """Judge a configuration as a whole; ConfigError only where nothing of it can be read."""
    mistakes: list[str] = []
    source = read_source(path, environ, mistakes)
    mistakes += mistakes_of_values(source)
    if mistakes:
        return Checked(mistakes=tuple(mistakes), remarks=source.notices, lines=())
    config = config_of(source)
    reasons = without_effect(config, source.values)
    shown = lines_of(config, source.values)
    remarks = [
        f"{source.values[name].origin} has no effect: {reason}" for name, reason in reasons.items()
    ]
    return Checked(
        mistakes=(),
        remarks=(*remarks, *source.notices, *notices_of_secrets(source)),
        lines=(f"# {source.file or 'no file'}, and the environment on top of it", *shown),
    )


def mistakes_of_values(source: Source) -> Iterator[str]:
    """A message for each value that its key can't have, and for each key that is missing."""
    for section, cls in SECTIONS.items():
        for name in keys_of(cls):
            try:
                value_of((section, name), source)
            except ConfigError as error:
                yield str(error)


def lines_of(config: Config, values: Values) -> Iterator[str]:
    """Every key with its value as TOML, and where that is from. Secrets are masked."""
    for section, cls in SECTIONS.items():
        yield f"[{section}]"
        settings = getattr(config, section)
        for name, key in keys_of(cls).items():
            value = getattr(settings, name)
            shown = f'"{MASK}"' if key.secret and value else toml_of(value)
            line = f"{name} = {shown}" if shown else f"# {name} is not set"
            yield f"{line:<{COLUMN}}  # {origin_of(values.get((section, name)))}"
        yield ""


def origin_of(value: Value | None) -> str:
    """Where a value is from, in a few words."""
    if value is None:
        return "default"
    return f"variable {value.origin}" if value.from_variable else value.origin


def toml_of(value: object) -> str:
    """A value as TOML has it, '' for one that is not set: https://toml.io/en/v1.0.0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return f"{value:g}" if isinstance(value, float) else str(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(toml_of(item) for item in value)}]"
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
