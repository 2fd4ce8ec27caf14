"""What a member chooses: how it is kept, and what of it holds as the operator allows it.

Kept is JSON, in ``Enrolled.settings`` under ``choices``; a choice that is not there is left to the
operator's configuration.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import get_args

from alternator.alt_text.prompts import serving, table
from alternator.config.conduct import Mode
from alternator.config.settings import VISIBILITIES
from alternator.config.signup import SignupSettings

log = logging.getLogger(__name__)

MOST_OF_STYLE = 500  # characters
MODES: tuple[Mode, ...] = get_args(Mode)
KEPT_AS = "choices"


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What a member chose; None where that is left to the operator."""

    language: str | None = None
    style: str | None = None
    mode: Mode | None = None
    visibilities: tuple[str, ...] | None = None

    def kept(self) -> dict[str, object]:
        """As JSON."""
        found: dict[str, object] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value is not None:
                found[one.name] = list(value) if isinstance(value, tuple) else value
        return found


class NoChoiceError(ValueError):
    """What was chosen is none of what can be; the message says so in a sentence."""


def language_of(raw: object, settings: SignupSettings) -> str:
    """A language that there are texts in."""
    if not isinstance(raw, str) or raw not in table() or serving(raw) is None:
        raise NoChoiceError("There is no such language to choose.")
    return raw


def style_of(raw: object, settings: SignupSettings) -> str:
    """Some words about the style."""
    if not isinstance(raw, str) or not raw.strip():
        raise NoChoiceError("The words about the style are no text.")
    text = " ".join(raw.split())
    if len(text) > MOST_OF_STYLE:
        raise NoChoiceError(
            f"The words about the style have {len(text)} characters; there is room for "
            f"{MOST_OF_STYLE}."
        )
    return text


def mode_of(raw: object, settings: SignupSettings) -> Mode:
    """One of the modes that the operator offers."""
    found = next((mode for mode in MODES if mode == raw and mode in settings.modes), None)
    if found is None:
        raise NoChoiceError("That mode can't be chosen here.")
    return found


def visibilities_of(raw: object, settings: SignupSettings) -> tuple[str, ...]:
    """Some of those that there are, in their order."""
    if not isinstance(raw, list | tuple) or not raw or not set(raw) <= set(VISIBILITIES):
        raise NoChoiceError("Choose one kind of posts at least, or pause.")
    return tuple(one for one in VISIBILITIES if one in raw)


READERS: Mapping[str, Callable[[object, SignupSettings], object]] = {
    "language": language_of,
    "style": style_of,
    "mode": mode_of,
    "visibilities": visibilities_of,
}


def checked(chosen: Mapping[str, object], settings: SignupSettings) -> Choices:
    """What a member chooses now. NoChoiceError for what can't be chosen."""
    found = {}
    for name, raw in chosen.items():
        if name not in settings.choices or name not in READERS:
            raise NoChoiceError("That is not a member's to choose here.")
        found[name] = READERS[name](raw, settings)
    return Choices(**found)  # type: ignore[arg-type]  # each reader gives its field's type


def choices_of(kept: Mapping[str, object], settings: SignupSettings, whose: str) -> Choices:
    """What a member chose once, as far as it still holds.

    What does not, since the operator allows less or this program knows less, is left out with a
    line in the log.
    """
    raw = kept.get(KEPT_AS)
    found: dict[str, object] = {}
    for name, value in (raw if isinstance(raw, dict) else {}).items():
        try:
            found |= checked({name: value}, settings).kept()
        except NoChoiceError as error:
            log.warning(
                "%s once chose a %s that does not hold any more, and the operator's does: %s",
                whose,
                name,
                error,
            )
    return checked(found, settings)
