"""Everything that was set, in the file or by variables, before it is judged.

Two names of one section are brought together here: the Rust bot's ``[openrouter]`` is ``[vision]``.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alternator.config.file import document_of
from alternator.config.settings import SECTIONS, keys_of
from alternator.config.values import Value
from alternator.errors import ConfigError
from probe.errors import reason_of
from probe.machine.operator_config import find_config_file
from probe.machine.variables import CONFIG_FILE, STATE_DIRECTORY

# A key by its section and its name in it.
KeyName = tuple[str, str]
Values = dict[KeyName, Value]

# Names that sections have in files of the Rust bot, and in its variables.
OTHER_NAMES: Mapping[str, str] = {"openrouter": "vision"}
# Variables that do not follow the scheme, and the key that each of them sets.
ALIASES: Mapping[str, KeyName] = {
    "ALTERNATOR_LOG_LEVEL": ("logging", "level"),
    STATE_DIRECTORY: ("state", "directory"),
}
# What stands in the Rust bot's image and instructions, and neither program reads:
# https://github.com/rmoriz/alternator/blob/main/Dockerfile
MISLEADING: Mapping[str, str] = {"ALTERNATOR_CONFIG_PATH": CONFIG_FILE}


@dataclass(frozen=True, kw_only=True)
class Source:
    """All values found, by section and key, and the lines to log about them."""

    file: Path | None
    values: Values
    notices: tuple[str, ...] = ()


def read_source(
    path: Path | None, environ: Mapping[str, str], mistakes: list[str] | None = None
) -> Source:
    """Every value set in the file or the environment; the environment wins.

    ConfigError for the first mistake; with a list for ``mistakes``, those that leave the rest
    readable are put there, and the values they are about are left out.
    """
    found = find_config_file(environ, str(path) if path else None)
    file = Path(found) if found else None
    said: list[str] = [] if mistakes is None else mistakes
    values = {} if file is None else values_of_file(file, document_of(file), said)
    if mistakes is None and said:
        raise ConfigError(said[0])
    from_environment, notices = values_of_environment(environ)
    return Source(file=file, values=values | from_environment, notices=notices)


def values_of_file(
    file: Path, document: Mapping[str, object], mistakes: list[str], within: str = ""
) -> Values:
    """The values of a file's sections. What is not known is a mistake, with the nearest name.

    ``within`` is what the sections' names begin with where they stand in another table.
    """
    values: Values = {}
    for written, entries in document.items():
        section = OTHER_NAMES.get(written, written)
        if section not in SECTIONS:
            mistakes.append(
                f"{file}: there is no section [{within}{written}]{nearest(written, SECTIONS)}; "
                f"rename or remove it"
            )
        elif not isinstance(entries, dict):
            mistakes.append(
                f"{file}: {within}{written} must be a section, not a value; write "
                f"[{within}{written}] on a line of its own, and its keys below it"
            )
        else:
            mistakes += collisions(file, document, written, within)
            values |= values_of_section(file, written, entries, mistakes, within)
    return values


def values_of_section(
    file: Path, written: str, entries: Mapping[str, object], mistakes: list[str], within: str
) -> Values:
    """The values of one section by the section's own name."""
    section = OTHER_NAMES.get(written, written)
    known = list(keys_of(SECTIONS[section]))
    values: Values = {}
    for name, raw in entries.items():
        if name in known:
            origin = f"{file}: [{within}{written}] {name}"
            values[section, name] = Value(raw=raw, origin=origin)
        else:
            mistakes.append(
                f"{file}: [{within}{written}] has no key {name!r}{nearest(name, known)}; "
                f"rename or remove it"
            )
    return values


def collisions(
    file: Path, document: Mapping[str, object], written: str, within: str
) -> Iterator[str]:
    """A message about the keys that stand under both names of a section, told once."""
    section = OTHER_NAMES.get(written)
    entries, own = document[written], document.get(section or "")
    if section is None or not isinstance(entries, dict) or not isinstance(own, dict):
        return
    if both := [name for name in entries if name in own]:
        yield (
            f"{file}: [{within}{section}] and [{within}{written}] both have {', '.join(both)}; "
            f"[{written}] is the Rust bot's name of [{section}]: keep one of the two"
        )


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


def read_secret(name: str, path: Path) -> str:
    """A secret from the file that a variable or a key names, without the newline at its end."""
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


def variable(section: str, name: str) -> str:
    """The environment's name of a key."""
    return f"ALTERNATOR_{section}_{name}".upper()


def nearest(name: str, known: Iterable[str]) -> str:
    """Brackets that suggest the nearest known name, or nothing."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {found[0]!r}?)" if found else ""
