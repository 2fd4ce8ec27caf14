"""Everything that was set, in the file or by variables, before it is judged.

Two names of one section are brought together here: the Rust bot's ``[openrouter]`` is ``[vision]``.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alternator.config.settings import SECTIONS, keys_of
from alternator.config.values import Value
from alternator.errors import ConfigError
from probe.errors import reason_of

# A key by its section and its name in it.
KeyName = tuple[str, str]
Values = dict[KeyName, Value]

# Names that sections have in files of the Rust bot, and in its variables.
OTHER_NAMES: Mapping[str, str] = {"openrouter": "vision"}


@dataclass(frozen=True, kw_only=True)
class AccountSource:
    """What one of ``[[accounts]]`` sets of its own."""

    name: str
    values: Values
    token_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """All values found, by section and key, and the lines to log about them.

    ``values`` are for all ``accounts``; without any, for the one of ``[mastodon]``.
    """

    file: Path | None
    values: Values
    accounts: tuple[AccountSource, ...] = ()
    notices: tuple[str, ...] = ()


def values_of_file(
    place: object, document: Mapping[str, object], mistakes: list[str], within: str = ""
) -> Values:
    """The values of a file's sections. What is not known is a mistake, with the nearest name.

    ``place`` is the file, as messages name it, or an account in it; ``within`` is what the
    sections' names begin with where they stand in another table.
    """
    values: Values = {}
    for written, entries in document.items():
        section = OTHER_NAMES.get(written, written)
        if section not in SECTIONS:
            mistakes.append(
                f"{place}: there is no section [{within}{written}]{nearest(written, SECTIONS)}; "
                f"rename or remove it"
            )
        elif not isinstance(entries, dict):
            mistakes.append(
                f"{place}: {within}{written} must be a section, not a value; write "
                f"[{within}{written}] on a line of its own, and its keys below it"
            )
        else:
            mistakes += collisions(place, document, written, within)
            values |= values_of_section(place, written, entries, mistakes, within)
    return values


def values_of_section(
    place: object, written: str, entries: Mapping[str, object], mistakes: list[str], within: str
) -> Values:
    """The values of one section by the section's own name."""
    section = OTHER_NAMES.get(written, written)
    known = list(keys_of(SECTIONS[section]))
    values: Values = {}
    for name, raw in entries.items():
        if name in known:
            origin = f"{place}: [{within}{written}] {name}"
            values[section, name] = Value(raw=raw, origin=origin)
        else:
            mistakes.append(
                f"{place}: [{within}{written}] has no key {name!r}{nearest(name, known)}; "
                f"rename or remove it"
            )
    return values


def collisions(
    place: object, document: Mapping[str, object], written: str, within: str
) -> Iterator[str]:
    """A message about the keys that stand under both names of a section, told once."""
    section = OTHER_NAMES.get(written)
    entries, own = document[written], document.get(section or "")
    if section is None or not isinstance(entries, dict) or not isinstance(own, dict):
        return
    if both := [name for name in entries if name in own]:
        yield (
            f"{place}: [{within}{section}] and [{within}{written}] both have {', '.join(both)}; "
            f"[{written}] is the Rust bot's name of [{section}]: keep one of the two"
        )


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
