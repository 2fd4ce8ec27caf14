"""What the environment sets: ``ALTERNATOR_<SECTION>_<KEY>``, and the few names beside that."""

from collections.abc import Mapping
from pathlib import Path

from alternator.config.settings import SECTIONS, keys_of
from alternator.config.source import (
    OTHER_NAMES,
    KeyName,
    Values,
    nearest,
    read_secret,
    variable,
)
from alternator.config.values import Value
from alternator.errors import ConfigError
from probe.machine.variables import CONFIG_FILE, STATE_DIRECTORY

# Variables that do not follow the scheme, and the key that each of them sets.
ALIASES: Mapping[str, KeyName] = {
    "ALTERNATOR_LOG_LEVEL": ("logging", "level"),
    STATE_DIRECTORY: ("state", "directory"),
}
# What stands in the Rust bot's image and instructions, and neither program reads:
# https://github.com/rmoriz/alternator/blob/main/Dockerfile
MISLEADING: Mapping[str, str] = {"ALTERNATOR_CONFIG_PATH": CONFIG_FILE}


def values_of_environment(environ: Mapping[str, str]) -> tuple[Values, tuple[str, ...]]:
    """The environment's values, and a line for each variable that looks like a misspelt one.

    Those are no errors: Kubernetes sets ALTERNATOR_WHISPER_PORT and the like for a service named
    alternator-whisper.
    """
    values: Values = {}
    known = known_variables()
    for name, key in known.items():
        if not (text := environ.get(name)):
            continue
        if name.endswith("_FILE"):
            text = read_secret(name, Path(text))
        before = values.get(key)
        if before is not None and before.raw != text and is_other_name(name, before.origin, key):
            raise ConfigError(
                f"{before.origin} and {name} say different things; they are two names of one key: "
                f"keep one of the two"
            )
        # The first that is set: the plain variable wins over its ..._FILE.
        values.setdefault(key, Value(raw=text, origin=name, from_variable=True))
    prefixes = tuple(variable(section, "") for section in (*SECTIONS, *OTHER_NAMES))
    notices = tuple(
        f"the variable {name} sets nothing{nearest(name, known)}"
        for name in sorted(environ)
        if name.startswith(prefixes) and name not in known
    )
    notices += tuple(
        f"the variable {name} sets nothing (did you mean {meant!r}?)"
        for name, meant in MISLEADING.items()
        if environ.get(name)
    )
    return values, notices


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment less the variables that hold a secret key, for a process that needs none."""
    secret = {
        name
        for name, (section, key) in known_variables().items()
        if keys_of(SECTIONS[section])[key].secret
    }
    return {name: value for name, value in environ.items() if name not in secret}


def known_variables() -> dict[str, KeyName]:
    """Every variable that sets a key; of those of one key the first that is set goes before."""
    known: dict[str, KeyName] = {}
    others = {section: written for written, section in OTHER_NAMES.items()}
    for section, cls in SECTIONS.items():
        for key_name, key in keys_of(cls).items():
            for written in (section, others.get(section)):
                if written is None:
                    continue
                name = variable(written, key_name)
                known[name] = (section, key_name)
                if key.secret:
                    known[f"{name}_FILE"] = (section, key_name)
    return known | dict(ALIASES)


def is_other_name(name: str, before: str, key: KeyName) -> bool:
    """Whether two variables of a key are of two names of its section."""
    section = variable(key[0], "")
    return name.startswith(section) != before.startswith(section) and name not in ALIASES
