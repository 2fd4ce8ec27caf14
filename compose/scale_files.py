"""The files of a stack in roles: its secrets, made once, and the configuration that it reads.

Containers read them where they lie, by a bind mount of each. Whoever a container's user is on this
machine, he may read the files, and only their owner may enter the folder that they lie in.
"""

import base64
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from compose.errors import ComposeError
from compose.named_files import with_named_files
from probe.machine.operator_config import FILE_NAME

SECRETS, CONFIG = "secrets", "config"
# PostgreSQL's name in the stack's network, and what its image makes (images/scripts/postgres).
ADDRESS = "postgresql://alternator:{password}@postgres:5432/alternator"


def folder_of(project: str, environ: Mapping[str, str]) -> Path:
    """Where a project's files are: in the user's state, since its volumes go with them."""
    state = environ.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    return Path(state) / "alternator" / project


def make_secrets(folder: Path) -> Path:
    """The folder of the secrets, those made that are not there. The database knows its password
    from its first start on, so none is made anew."""
    place = folder / SECRETS
    try:
        _private(folder)
        _private(place)
        password = _once(place / "database-password", secrets.token_urlsafe(32))
        _once(place / "database-url", ADDRESS.format(password=password))
        _once(place / "dashboard-token", secrets.token_urlsafe(32))
        # As `alternator members key` makes one.
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        _once(place / "signup-key", key)
    except OSError as error:
        raise ComposeError(f"{error.filename}: {error.strerror}; let it be writable") from error
    return place


def place_config(folder: Path, config: Path) -> Path:
    """The folder with copies of a configuration and of the files that it names."""
    place = folder / CONFIG
    try:
        copied = with_named_files(config, config.read_bytes())
        shutil.rmtree(place, ignore_errors=True)
        _private(folder)
        place.mkdir(mode=0o755)
        for name, content in {FILE_NAME: copied.config, **copied.files}.items():
            _write(place / name, content)
    except OSError as error:
        raise ComposeError(f"{error.filename}: {error.strerror}") from error
    return place


def forget(folder: Path) -> None:
    """Remove the files, with the volumes that they are of."""
    shutil.rmtree(folder, ignore_errors=True)


def _private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


def _once(path: Path, text: str) -> str:
    """The content of a file, which is written if it is not there."""
    if not path.exists():
        _write(path, text.encode())
    return path.read_text("utf-8")


def _write(path: Path, content: bytes) -> None:
    """A file for everybody who gets to it, whole or not there at all."""
    new = path.with_name(f".{path.name}.new")
    new.touch(mode=0o600)
    new.write_bytes(content)
    new.chmod(0o444)
    new.replace(path)
