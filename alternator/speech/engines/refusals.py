"""What an engine can't do of what a request asks: refused in words, so that nothing is ignored."""

import dataclasses
from collections.abc import Collection

from alternator.errors import UnsupportedError
from alternator.speech.languages import code_of
from alternator.speech.options import DecodingOptions

DEFAULTS = DecodingOptions()


def refuse_others(engine: str, options: DecodingOptions, can: Collection[str]) -> None:
    """UnsupportedError that names each option which is not the default, and none of ``can``."""
    asked = [
        field.name
        for field in dataclasses.fields(options)
        if field.name not in can and getattr(options, field.name) != getattr(DEFAULTS, field.name)
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
