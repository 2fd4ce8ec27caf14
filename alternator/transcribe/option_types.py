"""What an option's text may be. Argparse prints an ArgumentTypeError behind the option's name."""

import argparse
import math
from collections.abc import Callable
from typing import TypeVar

from alternator.config.values import Value, convert, key
from alternator.errors import ConfigError

T = TypeVar("T")

# Of large-v3, which has one language more than the others:
# https://github.com/openai/whisper/blob/v20250625/whisper/tokenizer.py
TOKENS = 51866


def address(text: str) -> str:
    """An address of the web, as the configuration takes it."""
    value = Value(raw=text, origin="the address")
    try:
        return str(convert(value, str, key("", form="url")["key"]))
    except ConfigError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def boolean(text: str) -> bool:
    """True or False, as openai-whisper has it, in any case."""
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r} is neither True nor False")
    return text.lower() == "true"


def number(text: str) -> float:
    """A finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return value


def positive(text: str) -> float:
    """A number above 0."""
    if (value := number(text)) <= 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
    return value


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    if not 0 <= (value := number(text)) <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not from 0 to 1")
    return value


def whole(minimum: int) -> Callable[[str], int]:
    """A whole number of at least ``minimum``."""

    def convert(text: str) -> int:
        if not text.isdecimal() or int(text) < minimum:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {minimum} on")
        return int(text)

    return convert


def optional(convert: Callable[[str], T]) -> Callable[[str], T | None]:
    """The same, or None."""
    return lambda text: None if text == "None" else convert(text)


def seconds_list(text: str) -> tuple[float, ...]:
    """Numbers from 0 on, between commas."""
    found = tuple(number(item) for item in text.split(",")) if text else ()
    if negative := [item for item in found if item < 0]:
        raise argparse.ArgumentTypeError(f"{negative[0]:g} is before the beginning")
    return found


def token_list(text: str) -> tuple[int, ...]:
    """Token ids between commas; -1 stands for a set of them."""
    items = (item.strip() for item in text.split(",")) if text else ()
    found = tuple(-1 if item == "-1" else whole(0)(item) for item in items)
    if unknown := [item for item in found if item >= TOKENS]:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]} is no token: Whisper has at most {TOKENS}, from 0 on"
        )
    return found
