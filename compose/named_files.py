"""The configuration as the bot's container gets it: what it names on this machine goes along.

An account's ``token_file`` becomes its ``token``, so that no file of a secret stays in the volume
when the next start has none; a ``prompts_file`` is copied under a name of its own.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from compose.errors import ComposeError
from compose.settings import SETTINGS


@dataclass(frozen=True, kw_only=True)
class Copied:
    """``config`` is the configuration's content, ``files`` what is copied beside it, by name."""

    config: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)


def with_named_files(file: Path, content: bytes) -> Copied:
    """The configuration in ``file``, and the files it names. ComposeError if one can't be read.

    One that is no TOML stays as it is: the bot says what is wrong with it.
    """
    try:
        document = tomlkit.parse(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, TOMLKitError):
        return Copied(config=content)
    files: dict[str, bytes] = {}
    changed = False
    for where, section in _accounts(document):
        named = section.get("token_file")
        # With both, the bot says that one is to go.
        if isinstance(named, str) and "token" not in section:
            del section["token_file"]
            place = f"{file}: {where} token_file = {named!r}"
            section["token"] = _secret(place, file.parent / Path(named.strip()).expanduser())
            changed = True
    for where, section in [("", document), *_accounts(document)]:
        descriptions = section.get("descriptions")
        if not isinstance(descriptions, MutableMapping):
            continue
        named = descriptions.get("prompts_file")
        if isinstance(named, str) and named.strip():
            place = f"{file}: {where} [descriptions] prompts_file = {named!r}"
            name = f"prompts-{len(files) + 1}.toml"
            files[name] = _content(place, Path(named.strip()).expanduser())
            descriptions["prompts_file"] = f"{SETTINGS}/{name}"
            changed = True
    return Copied(config=document.as_string().encode() if changed else content, files=files)


def _accounts(
    document: MutableMapping[str, object],
) -> Iterator[tuple[str, MutableMapping[str, object]]]:
    entries = document.get("accounts")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, MutableMapping):
            yield f"[[accounts]] {entry.get('name', '')}".rstrip(), entry


def _secret(place: str, path: Path) -> str:
    try:
        secret = _content(place, path).decode().strip()
    except UnicodeDecodeError:
        raise ComposeError(f"{place} is not UTF-8 text") from None
    if not secret:
        raise ComposeError(f"{place} is empty; write the token into it")
    return secret


def _content(place: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ComposeError(
            f"{place} can't be read: {error.strerror}; name a file that this user may read"
        ) from None
