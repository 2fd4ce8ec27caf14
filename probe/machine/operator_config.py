"""The keys of the bot's configuration that concern the probe: ``[whisper] device, backend, model``.

The bot itself reads and judges the file (``alternator.config.load``); what else is wrong with it is
its business, so a file that can't be read says nothing here.
"""

import os
from collections.abc import Mapping, Sequence

from probe.machine.variables import CONFIG_FILE

FILE_NAME = "alternator.toml"
KEYS = ("device", "backend", "model")


def whisper_settings(environ: Mapping[str, str], file: str | None = None) -> dict[str, str]:
    """The values of those keys that are set, from ``file`` or where the bot would look."""
    path = find_config_file(environ, file)
    section = {} if path is None else section_of(path, "whisper")
    return {key: str(section[key]) for key in KEYS if key in section}


def section_of(path: str, name: str) -> Mapping[str, object]:
    """A section of a configuration; empty where there is none, or the file can't be read."""
    import tomllib  # most machines have no such file, and every start would pay for the import

    try:
        with open(path, encoding="utf-8-sig") as opened:  # as the bot reads it
            section = tomllib.loads(opened.read()).get(name, {})
    except (OSError, ValueError):
        return {}
    return section if isinstance(section, dict) else {}


def config_of(command: Sequence[str]) -> str | None:
    """The file that a command line names: ``alternator run --config FILE``."""
    for position, word in enumerate(command):
        if word in ("--config", "-c") and position + 1 < len(command):
            return command[position + 1]
        if word.startswith("--config="):
            return word.partition("=")[2]
    return None


def find_config_file(environ: Mapping[str, str], file: str | None = None) -> str | None:
    """The bot's configuration: ``file``, else where it is looked for; None if it is nowhere.

    A file that is named, here or in ``ALTERNATOR_CONFIG``, need not exist.
    """
    named = file or environ.get(CONFIG_FILE)
    if named:
        return named
    home = environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    for candidate in (FILE_NAME, f"{home}/alternator/{FILE_NAME}"):
        if os.path.exists(candidate):
            return candidate
    return None
