"""Reads the configuration: a TOML file, then the environment on top of it.

The file is ``--config`` or ``ALTERNATOR_CONFIG``, else ``alternator.toml`` in the working
directory, else in ``$XDG_CONFIG_HOME/alternator/``. Every key is also a variable
``ALTERNATOR_<SECTION>_<KEY>``; secrets also come from the file that ``..._FILE`` names. An empty
variable counts as not set, so that compose files can pass through what may be missing.
"""

import dataclasses
import difflib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, get_type_hints

from alternator.config.conduct import (
    MessageSettings,
    ModeSettings,
    OptOutSettings,
    PaceSettings,
    ReviewSettings,
)
from alternator.config.file import document_of, notice_of_readers
from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.settings import (
    SECTIONS,
    BalanceSettings,
    Config,
    HealthSettings,
    LoggingSettings,
    MastodonSettings,
    MediaSettings,
    StateSettings,
)
from alternator.config.values import Key, Value, convert, key_of
from alternator.errors import ConfigError
from probe.errors import reason_of
from probe.machine.operator_config import FILE_NAME, find_config_file
from probe.machine.variables import STATE_DIRECTORY

# A key by its section and its name in it.
KeyName = tuple[str, str]

T = TypeVar("T")

# Variables that do not follow the scheme, and the key that each of them sets.
ALIASES = {
    "ALTERNATOR_LOG_LEVEL": ("logging", "level"),
    STATE_DIRECTORY: ("state", "directory"),
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """All values found, by section and key, and the lines to log about them."""

    file: Path | None
    values: dict[KeyName, Value]
    notices: tuple[str, ...]


def load_config(path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Config:
    """The whole configuration. ConfigError names the key, the place and the remedy."""
    source = read_source(path, environ)
    return Config(
        mastodon=build_section(MastodonSettings, source),
        modes=build_section(ModeSettings, source),
        review=build_section(ReviewSettings, source),
        opt_out=build_section(OptOutSettings, source),
        pace=build_section(PaceSettings, source),
        messages=build_section(MessageSettings, source),
        vision=build_section(VisionSettings, source),
        media=build_section(MediaSettings, source),
        balance=build_section(BalanceSettings, source),
        logging=build_section(LoggingSettings, source),
        whisper=build_section(WhisperSettings, source),
        state=build_section(StateSettings, source),
        health=build_section(HealthSettings, source),
        notices=(*source.notices, *notices_of_unused(source), *notices_of_secrets(source)),
    )


def load_section(
    cls: type[T], path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> T:
    """Only one section, for what needs no account. The rest of the file is still checked."""
    return build_section(cls, read_source(path, environ))


def load_whisper(
    path: Path | None = None, environ: Mapping[str, str] = os.environ
) -> WhisperSettings:
    """Only ``[whisper]``."""
    return load_section(WhisperSettings, path, environ)


def read_source(path: Path | None, environ: Mapping[str, str]) -> Source:
    """Every value set in the file or the environment; the environment wins."""
    found = find_config_file(environ, str(path) if path else None)
    file = Path(found) if found else None
    values = {} if file is None else values_of_file(file)
    from_environment, notices = values_of_environment(environ)
    return Source(file=file, values=values | from_environment, notices=notices)


def values_of_file(file: Path) -> dict[KeyName, Value]:
    """The file's values; unknown sections and keys are errors that suggest the nearest name."""
    values = {}
    for section, entries in document_of(file).items():
        if section not in SECTIONS:
            raise ConfigError(
                f"{file}: there is no section [{section}]{nearest(section, SECTIONS)}; "
                f"rename or remove it"
            )
        if not isinstance(entries, dict):
            raise ConfigError(
                f"{file}: {section} must be a section, not a value; write [{section}] on a line "
                f"of its own, and its keys below it"
            )
        known = list(keys_of(SECTIONS[section]))
        for name, raw in entries.items():
            if name not in known:
                raise ConfigError(
                    f"{file}: [{section}] has no key {name!r}{nearest(name, known)}; "
                    f"rename or remove it"
                )
            values[section, name] = Value(raw=raw, origin=f"{file}: [{section}] {name}")
    return values


def values_of_environment(
    environ: Mapping[str, str],
) -> tuple[dict[KeyName, Value], tuple[str, ...]]:
    """The environment's values, and a line for each variable that looks like a misspelt one.

    Those are no errors: Kubernetes sets ALTERNATOR_WHISPER_PORT and the like for a service named
    alternator-whisper.
    """
    values = {}
    known = dict(ALIASES)
    for section, cls in SECTIONS.items():
        for key_name, key in keys_of(cls).items():
            name = variable(section, key_name)
            known[name] = (section, key_name)
            if key.secret:
                known[f"{name}_FILE"] = (section, key_name)
    # Shorter names last: the plain variable wins over its ..._FILE.
    for name in sorted(known, key=lambda name: not name.endswith("_FILE")):
        if text := environ.get(name):
            if name.endswith("_FILE"):
                text = read_secret(name, Path(text))
            values[known[name]] = Value(raw=text, origin=name, from_variable=True)
    prefixes = tuple(variable(section, "") for section in SECTIONS)
    notices = tuple(
        f"the variable {name} sets nothing{nearest(name, known)}"
        for name in sorted(environ)
        if name.startswith(prefixes) and name not in known
    )
    return values, notices


def read_secret(name: str, path: Path) -> str:
    """A secret from the file that a variable names, without the newline at its end."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"{name}: {path} can't be read: {reason}; name a file that this user may read"
        ) from None
    if not text:
        raise ConfigError(f"{name}: {path} is empty; write the secret into it")
    return text


def build_section(cls: type[T], source: Source) -> T:
    """One section as its dataclass, with every value checked."""
    section = next(name for name, known in SECTIONS.items() if known is cls)
    hints = get_type_hints(cls)
    arguments = {}
    for name, key in keys_of(cls).items():
        value = source.values.get((section, name))
        if value is not None and not (value.raw == "" and key.required):
            arguments[name] = convert(value, hints[name], key)
        elif key.required:
            raise missing(section, name, key, source.file)
    return cls(**arguments)


def keys_of(cls: type) -> dict[str, Key]:
    """The keys of a section, by their names in it."""
    return {field.name: key_of(field) for field in dataclasses.fields(cls)}


def missing(section: str, name: str, key: Key, file: Path | None) -> ConfigError:
    """The error for a key that must be set and is not."""
    also = f" or {variable(section, name)}_FILE" if key.secret else ""
    if file is None:
        return ConfigError(
            f"there is no {FILE_NAME}, and [{section}] {name} is not set; copy "
            f"{FILE_NAME}.example to {FILE_NAME} and fill it in, or set "
            f"{variable(section, name)}{also}"
        )
    return ConfigError(
        f"{file}: [{section}] {name} is missing; write it there or set "
        f"{variable(section, name)}{also}"
    )


def notices_of_unused(source: Source) -> list[str]:
    """One line that names the keys that were set and have no effect."""
    names: dict[str, list[str]] = {}
    for section, name in source.values:
        if reason := keys_of(SECTIONS[section])[name].unused:
            names.setdefault(reason, []).append(f"[{section}] {name}")
    if not names:
        return []
    parts = [f"{', '.join(keys)} ({reason})" for reason, keys in names.items()]
    return [f"accepted without effect: {'; '.join(parts)}"]


def notices_of_secrets(source: Source) -> list[str]:
    """One line if the file holds a secret that others than this user can read."""
    holds_secret = source.file is not None and any(
        not value.from_variable and value.raw and keys_of(SECTIONS[section])[name].secret
        for (section, name), value in source.values.items()
    )
    notice = notice_of_readers(source.file) if source.file is not None and holds_secret else None
    return [notice] if notice else []


def variable(section: str, name: str) -> str:
    """The environment's name of a key."""
    return f"ALTERNATOR_{section}_{name}".upper()


def nearest(name: str, known: Iterable[str]) -> str:
    """Brackets that suggest the nearest known name, or nothing."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""
