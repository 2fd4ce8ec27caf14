"""The files of a login: the token, and beside it what revokes it. Nobody else may read them.

Written as a whole or not at all: a file is made under another name, and given its own once all of
it is on the disk. Nothing is written over.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from alternator.accounts.oauth import App
from alternator.config.source import read_secret
from alternator.errors import ConfigError
from probe.errors import reason_of

MODE = 0o600


def app_file(token_file: Path) -> Path:
    """Where what revokes a token lies."""
    return token_file.with_name(f"{token_file.name}.app")


def check_free(token_file: Path) -> None:
    """ConfigError if there is such a file: before anything is asked of a server."""
    for path in (token_file, app_file(token_file)):
        if path.exists():
            raise ConfigError(
                f"{path} is there already; `alternator accounts logout` removes it, --name or "
                f"--token-file names another one"
            )


def write(token_file: Path, token: str, app: App, server: str) -> None:
    """Write both files. ConfigError if one can't be written; then none is left."""
    facts = {
        "server": server,
        "client_id": app.client_id,
        "client_secret": app.client_secret,
    }
    beside = app_file(token_file)
    try:
        token_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(beside, json.dumps(facts, indent=1) + "\n")
        try:
            write_whole(token_file, f"{token}\n")
        except BaseException:
            beside.unlink()
            raise
    except OSError as error:
        raise ConfigError(
            f"{token_file} can't be written: {reason_of(error)}; --token-file names another place"
        ) from None


def write_whole(path: Path, text: str) -> None:
    """A new file of mode 600. OSError, FileExistsError where there is one."""
    with unfinished(path) as temporary:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # Unlike a renaming, a link does not take another file's place.
        os.link(temporary, path)


@contextlib.contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """The name that a file has until it is whole; nothing of that name is left."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def read_token(token_file: Path) -> str:
    """The token. ConfigError if there is none."""
    return read_secret("the token's file", token_file)


def read_app(token_file: Path) -> tuple[str, App] | None:
    """The server and the application; None where a login has left nothing of the kind."""
    try:
        found = json.loads(app_file(token_file).read_text("utf-8"))
        server, client, secret = found["server"], found["client_id"], found["client_secret"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    if not all(isinstance(value, str) for value in (server, client, secret)):
        return None
    return server, App(client_id=client, client_secret=secret)


def remove(token_file: Path) -> None:
    """Delete both files."""
    for path in (token_file, app_file(token_file)):
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(f"{path} can't be deleted: {reason_of(error)}; delete it") from None
