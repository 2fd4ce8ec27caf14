"""``[[accounts]]``: several accounts in one file, each with what differs for it.

An account's own values go before all others, variables included, which are for all accounts.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from alternator.config.keys import below_home
from alternator.config.settings import SECTIONS, keys_of
from alternator.config.source import (
    OTHER_NAMES,
    AccountSource,
    KeyName,
    Source,
    Values,
    nearest,
    read_secret,
    values_of_file,
)
from alternator.config.values import Value
from alternator.errors import ConfigError

TABLE = "accounts"
URL: KeyName = ("mastodon", "instance_url")
TOKEN: KeyName = ("mastodon", "access_token")
# The keys of an account itself, beside its sections.
OWN_KEYS = ("name", "instance_url", "token", "token_file")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Sections that are of the whole bot: there is one log, one state directory, one health answer.
OF_THE_WHOLE_BOT = frozenset(("logging", "state", "database", "health", "dashboard", "signup"))
# Of a section that is shared, the keys that may differ all the same: there is one transcriber.
MAY_DIFFER: Mapping[str, frozenset[str]] = {
    "whisper": frozenset(("enabled", "language", "task", "vad", "min_confidence", "name_speakers"))
}


def accounts_of_file(file: Path, entries: object, mistakes: list[str]) -> tuple[AccountSource, ...]:
    """The accounts that a file's ``accounts`` lists; what is wrong with them is a mistake."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        mistakes.append(
            f"{file}: accounts must be tables; write [[accounts]] above the keys of each account"
        )
        return ()
    found: list[AccountSource] = []
    for number, entry in enumerate(entries, 1):
        name = entry.get("name")
        if not isinstance(name, str) or not NAME.fullmatch(name):
            mistakes.append(
                f"{file}: [[accounts]] number {number} needs a name of its own, of letters, digits "
                f"and . _ -; the log and the health answer call it by that"
            )
            continue
        if any(other.name == name for other in found):
            mistakes.append(f"{file}: two [[accounts]] have the name {name!r}; rename one of them")
            continue
        values = values_of_account(file, entry, mistakes)
        found.append(AccountSource(name=name, values=values, token_file=token_file_of(file, entry)))
    return tuple(found)


def values_of_account(file: Path, entry: Mapping[str, object], mistakes: list[str]) -> Values:
    """What one account sets."""
    place = f"{file}: [[accounts]] {entry['name']}"
    where = f"{place}:"
    sections = {key: value for key, value in entry.items() if OTHER_NAMES.get(key, key) in SECTIONS}
    mistakes += [
        f"{where} there is no key {key!r}{nearest(key, (*OWN_KEYS, *SECTIONS))}; rename or remove "
        f"it"
        for key in entry
        if key not in OWN_KEYS and key not in sections
    ]
    values = values_of_file(place, sections, mistakes, f"{TABLE}.")
    for name in list(values):
        if reason := shared(name):
            mistakes.append(f"{values.pop(name).origin} {reason}")
    own: Values = {}
    try:
        for name, value in own_values(file, where, entry):
            own[name] = value
    except ConfigError as error:
        mistakes.append(str(error))
    if twice := own.keys() & values.keys():
        names = ", ".join(sorted(name for _, name in twice))
        mistakes.append(f"{where} [accounts.mastodon] has {names} too; keep one of the two")
    return values | own


def shared(name: KeyName) -> str:
    """Why a key can't be of one account alone, '' if it can."""
    section, key = name
    alone = MAY_DIFFER.get(section)
    if section in OF_THE_WHOLE_BOT or (alone is not None and key not in alone):
        return f"is of the whole bot; write it under [{section}]"
    return ""


def own_values(
    file: Path, where: str, entry: Mapping[str, object]
) -> Iterator[tuple[KeyName, Value]]:
    """The server and the token. ConfigError if the token's file can't be read."""
    if "instance_url" in entry:
        yield URL, Value(raw=entry["instance_url"], origin=f"{where} instance_url")
    if "token" in entry and "token_file" in entry:
        raise ConfigError(f"{where} it has both token and token_file; keep one of the two")
    if "token" in entry:
        yield TOKEN, Value(raw=entry["token"], origin=f"{where} token")
    if "token_file" in entry:
        path = token_file_of(file, entry)
        if path is None:
            raise ConfigError(f"{where} token_file must be the path of a file")
        token = read_secret(f"{where} token_file", path)
        yield TOKEN, Value(raw=token, origin=f"{where} token_file", from_variable=True)


def token_file_of(file: Path, entry: Mapping[str, object]) -> Path | None:
    """The file that an account's token is in; None where it is not, or the key names none."""
    named = entry.get("token_file")
    if not isinstance(named, str) or not named.strip():
        return None
    return file.parent / below_home(named.strip())


def mistakes_of_accounts(source: Source) -> Iterator[str]:
    """What only shows where the accounts and all the rest are seen together."""
    if not source.accounts:
        return
    for name in (URL, TOKEN):
        value = source.values.get(name)
        if value is not None and value.raw:
            yield (
                f"{value.origin} is of one account, and there are [[accounts]]; make it one of "
                f"them, or remove it"
            )
    known: dict[object, str] = {}
    for account in source.accounts:
        for name, key in ((URL, "instance_url"), (TOKEN, "token")):
            told = name == TOKEN and account.token_file is not None  # where it was looked for
            if name not in account.values and not told:
                yield missing_in_account(source, account.name, key)
        server, token = (account.values.get(name) for name in (URL, TOKEN))
        if server is None or token is None:
            continue
        other = known.setdefault((str(server.raw), str(token.raw)), account.name)
        if other != account.name:
            yield (
                f"{source.file}: [[accounts]] {other} and {account.name} have the same server and "
                f"token; remove one of them"
            )


def missing_in_account(source: Source, name: str, key: str) -> str:
    """The message about a key that an account needs."""
    if key == "token":
        return (
            f"{source.file}: [[accounts]] {name}: there is no token; write token_file with the "
            f"file that `alternator accounts login` wrote, or token"
        )
    return f"{source.file}: [[accounts]] {name}: {key} is missing; write the account's server"


def source_of_account(source: Source, account: AccountSource) -> Source:
    """What is set, as it is for one account."""
    return Source(file=source.file, values=source.values | account.values)


def usual_keys() -> dict[str, list[str]]:
    """By section, the keys that an account may have of its own."""
    return {
        section: [key for key in keys_of(cls) if not shared((section, key))]
        for section, cls in SECTIONS.items()
        if section not in OF_THE_WHOLE_BOT
    }
