"""``alternator config check``: what takes effect, from where, and all that is wrong."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import get_type_hints

from alternator.config.accounts import TOKEN, URL, source_of_account
from alternator.config.effect import without_effect
from alternator.config.keys import default_of
from alternator.config.load import config_of, notices_of_secrets, value_of
from alternator.config.reading import read_source
from alternator.config.settings import SECTIONS, keys_of
from alternator.config.source import AccountSource, KeyName, Source, Values
from alternator.config.values import Value, convert
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
    each = sources_of(source)
    # What is wrong for all accounts is told once.
    if not (mistakes and source.accounts):  # an account that lacks something is told already
        mistakes += dict.fromkeys(chain(*(mistakes_of_values(one) for one in each)))
    if mistakes:
        return Checked(mistakes=tuple(mistakes), remarks=source.notices, lines=())
    remarks = dict.fromkeys(
        f"{one.values[name].origin} has no effect: {reason}"
        for one in each
        for name, reason in without_effect(config_of(one), one.values).items()
    )
    shown = [*lines_of(source.values, of_all=bool(source.accounts))]
    for account in source.accounts:
        shown += lines_of_account(account)
    return Checked(
        mistakes=(),
        remarks=(*remarks, *source.notices, *notices_of_secrets(source)),
        lines=(f"# {source.file or 'no file'}, and the environment on top of it", *shown),
    )


def sources_of(source: Source) -> list[Source]:
    """What is set, as it is for each account."""
    return [source_of_account(source, account) for account in source.accounts] or [source]


def mistakes_of_values(source: Source) -> Iterator[str]:
    """A message for each value that its key can't have, and for each key that is missing."""
    for section, cls in SECTIONS.items():
        for name in keys_of(cls):
            try:
                value_of((section, name), source)
            except ConfigError as error:
                yield str(error)


def lines_of(values: Values, *, of_all: bool) -> Iterator[str]:
    """Every key with its value as TOML, and where that is from. Secrets are masked.

    ``of_all``: of all accounts, so not the server and the token of one.
    """
    for section, cls in SECTIONS.items():
        yield f"[{section}]"
        for name in keys_of(cls):
            if not (of_all and (section, name) in (URL, TOKEN)):
                yield line_of((section, name), values.get((section, name)))
        yield ""


def lines_of_account(account: AccountSource) -> Iterator[str]:
    """What one of several accounts has of its own."""
    yield "[[accounts]]"
    yield f"name = {toml_of(account.name)}"
    for name, written in ((URL, "instance_url"), (TOKEN, "token")):
        yield line_of(name, account.values[name], written)
    for section in SECTIONS:
        own = [name for name in account.values if name[0] == section and name not in (URL, TOKEN)]
        if own:
            yield f"[accounts.{section}]"
            yield from (line_of(name, account.values[name]) for name in own)
    yield ""


def line_of(name: KeyName, set_by: Value | None, written: str = "") -> str:
    """One key with its value and where that is from; ``written`` is another name of it."""
    cls, own = SECTIONS[name[0]], name[1]
    key = keys_of(cls)[own]
    if set_by is None:
        (field,) = (field for field in fields(cls) if field.name == own)
        value = default_of(field)
    else:
        value = convert(set_by, get_type_hints(cls)[own], key)
    shown = f'"{MASK}"' if key.secret and value else toml_of(value)
    line = f"{written or own} = {shown}" if shown else f"# {written or own} is not set"
    return f"{line:<{COLUMN}}  # {origin_of(set_by)}"


def origin_of(value: Value | None) -> str:
    """Where a value is from, in a few words."""
    if value is None:
        return "default"
    is_variable = value.origin.startswith("ALTERNATOR_")
    return f"variable {value.origin}" if is_variable else value.origin


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
    # Its escapes are among TOML's own: https://toml.io/en/v1.0.0#string
    return json.dumps(str(value), ensure_ascii=False)
