"""``alternator config migrate``: a file of the Rust bot as one of this bot's, comments kept.

The keys are those of https://github.com/rmoriz/alternator/blob/main/src/config.rs through its
history, from the releases with whisper-rs on (of ``[whisper]``: ``enabled``, ``model``,
``model_dir``, ``language``, ``max_duration_minutes``). That program passed over what it did not
know, and read some keys without effect; here everything takes effect, so what would now mean
something that nobody asked for becomes a comment with the reason.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_type_hints

import tomlkit
from tomlkit import TOMLDocument
from tomlkit.container import Container
from tomlkit.items import Comment, Item, SingleKey, Table, Trivia
from tomlkit.items import Key as TomlKey

from alternator.config.models import OWN_PYTHON
from alternator.config.settings import SECTIONS, keys_of
from alternator.config.source import OTHER_NAMES, KeyName, collisions, nearest, values_of_file
from alternator.config.values import Key, Value, convert
from alternator.errors import ConfigError
from probe.errors import reason_of


@dataclass(frozen=True, kw_only=True)
class Migrated:
    """The new file's text, and a line for each thing that was changed or is worth a look."""

    text: str
    changes: tuple[str, ...]


def migrated(file: Path, text: str) -> Migrated:
    """The text of a file of either program, which is valid TOML, as one of this one's.

    ConfigError for what has to be settled by hand first.
    """
    document = tomlkit.parse(text)
    changes: list[str] = []
    of_rust = any(name in document for name in OTHER_NAMES)
    for written in OTHER_NAMES:
        if written in document:
            for collision in collisions(file, document.unwrap(), written, ""):
                raise ConfigError(collision)
            rename(document, written, changes, file)
    for place, (key, item) in enumerate(document.body):
        if key is None or key.key == "accounts":
            continue
        if key.key not in SECTIONS:
            reason = f"there is no such section{nearest(key.key, SECTIONS)}"
            comment_out(document, place, reason)
            changes.append(f"[{key.key}] is a comment now: {reason}")
        elif isinstance(item, Table):
            migrate_section(key.key, item.value, changes)
        else:
            raise ConfigError(
                f"{file}: write [{key.key}] on a line of its own, and its keys below it; then "
                f"migrate the file"
            )
    if of_rust and "enabled" not in document.get("whisper", {}):
        keep_speech_off(document)
        changes.append(
            "[whisper] enabled = false was added, as it was by default; true hears audio and video"
        )
    found = document.as_string()
    check_result(file, found)
    return Migrated(text=found, changes=tuple(changes) or ("nothing had to be changed",))


def check_result(file: Path, text: str) -> None:
    """Make sure that a start would read what was written."""
    mistakes: list[str] = []
    values_of_file(file, tomllib.loads(text), mistakes)
    assert not mistakes, mistakes


def rename(document: TOMLDocument, written: str, changes: list[str], file: Path) -> None:
    """Give a section its own name."""
    section = OTHER_NAMES[written]
    if section in document:
        raise ConfigError(
            f"{file} has [{section}] and [{written}], which is the Rust bot's name of it; put "
            f"their keys under [{section}], and migrate the file then"
        )
    for place, (key, item) in enumerate(document.body):
        if key is not None and key.key == written:
            if isinstance(item, Table):
                item.display_name = section
            document.body[place] = (SingleKey(section), item)
    changes.append(f"[{written}] is [{section}] now")


def migrate_section(section: str, entries: Container, changes: list[str]) -> None:
    """Make a comment of each key that is not known, or whose value would not do."""
    known = keys_of(SECTIONS[section])
    hints = get_type_hints(SECTIONS[section])
    for place, (key, item) in enumerate(entries.body):
        if key is None:
            continue
        name, where = key.key, f"[{section}] {key.key}"
        if name not in known:
            reason = f"there is no such key{nearest(name, known)}"
        else:
            ignored = IGNORED.get((section, name), nothing)
            reason = ignored(item) or refusal(where, item, hints[name], known[name])
        if reason:
            comment_out(entries, place, reason)
            changes.append(f"{where} is a comment now: {reason}")
        elif remark := REMARKS.get((section, name), nothing)(item):
            changes.append(f"{where}: {remark}")


def refusal(where: str, item: Item, hint: object, key: Key) -> str:
    """Why a key can't have this value, '' if it can."""
    try:
        convert(Value(raw=item.unwrap(), origin=where), hint, key)
    except ConfigError as error:
        return str(error).removeprefix(f"{where} ")
    return ""


def comment_out(entries: Container, place: int, reason: str) -> None:
    """Put a comment in an entry's place: the reason, and what stood there."""
    key, item = entries.body[place]
    assert key is not None
    lines = [f"# {reason}:", *(f"# {line}".rstrip() for line in written(key, item).splitlines())]
    comment = Comment(Trivia(indent="", comment_ws="", comment="\n".join(lines), trail="\n"))
    entries.body[place] = (None, comment)


def written(key: TomlKey, item: Item) -> str:
    """An entry as it stands in the file."""
    if isinstance(item, Table):
        return f"[{key.as_string()}]\n{item.as_string()}"
    trivia = item.trivia
    return f"{key.as_string().strip()} = {item.as_string()}{trivia.comment_ws}{trivia.comment}"


def keep_speech_off(document: TOMLDocument) -> None:
    """Write the Rust bot's default down, which is another one here."""
    enabled = tomlkit.item(False)
    enabled.comment("the Rust bot's default; true hears audio and video")
    if "whisper" not in document:
        document.append("whisper", tomlkit.table())
    document["whisper"]["enabled"] = enabled


def nothing(item: Item) -> str:
    """Nothing is to be said of a value."""
    return ""


def of_python(item: Item) -> str:
    """What is to be said of another Python than the bot's own."""
    if item.unwrap() == OWN_PYTHON:
        return ""
    return "the Rust bot ignored it; here it names the Python that the model runs in"


def of_device(item: Item) -> str:
    """What is to be said of a device that is named."""
    return "" if item.unwrap() == "auto" else "the Rust bot ignored it; here it is respected"


def of_formats(item: Item) -> str:
    """What is to be said of a list of types, such as the one in the Rust bot's example."""
    found = item.unwrap()
    if any(name.startswith("video/") for name in found):
        return ""
    return "it lists no video, which is left alone then; remove the key to have it described"


def of_models(item: Item) -> str:
    """What is to be said of a directory with models that releases with whisper-rs fetched."""
    found = sorted(path.name for path in Path(item.unwrap()).expanduser().glob("ggml-*.bin"))
    if not found:
        return ""
    return (
        f"{found[0]} there is of whisper.cpp's form, which only the engine whisper.cpp reads; "
        f"[whisper] model is fetched once in its own"
    )


def of_large(item: Item) -> str:
    """What is to be said of a name that meant another model to whisper-rs."""
    return (
        "it is large-v3 here; releases with whisper-rs took large-v1"
        if item.unwrap() == "large"
        else ""
    )


# Read by the Rust bot and passed over, where it would be a surprise here.
IGNORED: Mapping[KeyName, Callable[[Item], str]] = {("whisper", "python_executable"): of_python}
REMARKS: Mapping[KeyName, Callable[[Item], str]] = {
    ("media", "supported_formats"): of_formats,
    ("whisper", "model"): of_large,
    ("whisper", "model_dir"): of_models,
    ("whisper", "device"): of_device,
    ("whisper", "backend"): of_device,
}


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, for this user alone: it may hold secrets."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigError(
            f"{path} is there already, and nothing is written over; name a new file with --output"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} can't be written: {reason_of(error)}") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
