"""What is known of a key of the configuration beside its name, its type and its default."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args

from alternator.errors import ConfigError

Form = Literal["text", "url", "time", "model"]


@dataclass(frozen=True, kw_only=True)
class Key:
    """What the loader knows of a key beside its name, its type and its default.

    ``help`` stands in docs/configuration.md; a ``secret`` is never printed and can also be read
    from a file; ``minimum`` and ``maximum`` bound a number; ``form`` checks a string;
    ``choices`` are what a list may hold, if not anything, one at least unless ``minimum`` is 0.
    """

    help: str
    required: bool = False
    secret: bool = False
    minimum: float | None = None
    maximum: float | None = None
    form: Form = "text"
    choices: tuple[str, ...] = ()


# size: one parameter for each thing that can be said of a key: the settings read as a list of keys.
def key(
    help: str,
    *,
    required: bool = False,
    secret: bool = False,
    minimum: float | None = None,
    maximum: float | None = None,
    form: Form = "text",
    choices: tuple[str, ...] = (),
) -> Mapping[str, Key]:
    """The metadata of a dataclass field that is a key."""
    return {
        "key": Key(
            help=help,
            required=required,
            secret=secret,
            minimum=minimum,
            maximum=maximum,
            form=form,
            choices=choices,
        )
    }


def key_of(field: "Field[Any]") -> Key:
    """What is known of the key that a field of the settings stands for."""
    found = field.metadata["key"]
    assert isinstance(found, Key)
    return found


def default_of(field: "Field[Any]") -> Any:
    """A key's default; a key that must be set has none."""
    return field.default if field.default_factory is MISSING else field.default_factory()


def below_home(path: str) -> Path:
    """The path with ``~`` as this user's home directory; ConfigError if there is none."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # a numeric user of a container, without HOME
        raise ConfigError(
            f"{path}: this user has no home directory; set HOME, or [state] directory and "
            f"[whisper] model_dir to absolute paths"
        ) from None


def inner(hint: object) -> object:
    """The type of a key that may also be left unset, without that."""
    if NoneType in get_args(hint):
        return next(kind for kind in get_args(hint) if kind is not NoneType)
    return hint
