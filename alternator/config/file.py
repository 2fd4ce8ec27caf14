"""The configuration file itself: read as TOML, and looked at for who else may read it."""

import os
import stat
import tomllib
from pathlib import Path

from alternator.errors import ConfigError
from probe.errors import reason_of


def document_of(file: Path) -> dict[str, object]:
    """The sections of the file. ConfigError if it can't be read, or is no TOML."""
    try:
        # Windows' editors write a mark before the text: https://docs.python.org/3.11/library/codecs.html
        return tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        raise ConfigError(
            f"there is no configuration file {file}; copy alternator.toml.example to it, "
            f"or name another one with --config or ALTERNATOR_CONFIG"
        ) from None
    except IsADirectoryError:
        # Container engines make one where a file to mount is missing:
        # https://docs.docker.com/engine/storage/bind-mounts/
        raise ConfigError(
            f"{file} is a directory, which a container engine makes where the file is missing; "
            f"remove it and put the configuration file in its place"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(
            f"{file} can't be read: {reason}; make it a text file that this user may read"
        ) from None
    except tomllib.TOMLDecodeError as error:
        quotation = ", where text needs quotation marks" if "Invalid value" in str(error) else ""
        raise ConfigError(
            f"{file} is not valid TOML: {error}; correct that line{quotation}"
        ) from None


def notice_of_readers(file: Path) -> str | None:
    """A line for the log if others than this user can read the file; None if nobody else can."""
    try:
        facts = file.stat()
    except OSError:
        return None
    mode = stat.S_IMODE(facts.st_mode)
    if mode & stat.S_IROTH:
        who = "everybody on this machine"
    elif mode & stat.S_IRGRP:
        who = f"its group (number {facts.st_gid})"
    else:
        return None
    closing = f"chmod go= {file}"
    user = os.geteuid()
    # What lets them read it lets this user, too.
    if facts.st_uid == user:
        remedy = f"take that away ({closing})"
    elif facts.st_uid == 0:
        # Nobody's bot is to run as root, and a container's own user is nobody outside of it.
        remedy = f"as root, give it to user {user} (chown {user} {file}) and close it ({closing})"
    else:
        remedy = (
            f"run the bot as its owner (number {facts.st_uid}), to whom the state directory must "
            f"then belong, and take it away ({closing})"
        )
    return f"{file} holds a secret, and {who} can read it (mode {mode:04o}); {remedy}"
