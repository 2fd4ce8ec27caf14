"""Reads JSON that somebody else wrote."""

import json
from typing import NoReturn


class NoJsonError(ValueError):
    """It is no JSON, or none that can be taken in."""


def parse_json(content: bytes | str) -> object:
    """What JSON says. NoJsonError if it is none: also for one nested too deeply."""
    try:
        found: object = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise NoJsonError(type(error).__name__) from None
    return found


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity, which Python takes and JSON does not have."""
    raise ValueError(name)
