"""What an engine can't do of what a request asks: refused in words, so that nothing is ignored."""

import dataclasses
import math
from collections.abc import Collection

from alternator.errors import UnsupportedError
from alternator.speech.languages import code_of
from alternator.speech.options import DecodingOptions

DEFAULTS = DecodingOptions()


def is_default(options: DecodingOptions, name: str) -> bool:
    """Whether that option is the usual one. Temperatures that were counted up are, nearly."""
    asked, usual = getattr(options, name), getattr(DEFAULTS, name)
    if name != "temperature":
        return bool(asked == usual)
    return len(asked) == len(usual) and all(
        math.isclose(one, other, abs_tol=1e-6) for one, other in zip(asked, usual, strict=True)
    )


def refuse_others(engine: str, options: DecodingOptions, can: Collection[str]) -> None:
    """UnsupportedError that names each option which is not the default, and none of ``can``."""
    asked = [
        field.name
        for field in dataclasses.fields(options)
        if field.name not in can and not is_default(options, field.name)
    ]
    if asked:
        them = "it" if len(asked) == 1 else "them"
        raise UnsupportedError(
            f"the speech engine {engine!r} has no {', '.join(asked)}; leave {them} out, or take "
            f"the engine 'alternator'"
        )


def known_language(name: str | None) -> str | None:
    """Whisper's code of a language. UnsupportedError for what is none, None for none."""
    if name is None:
        return None
    code = code_of(name)
    if code is None:
        raise UnsupportedError(
            f"Whisper knows no language {name!r}; give a code such as en, de or fr, an English "
            f"name such as German, or none to have it detected"
        )
    return code
