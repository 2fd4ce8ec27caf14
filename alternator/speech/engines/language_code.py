"""What a language is called: Whisper's code for it."""

from alternator.errors import ConfigError
from alternator.speech.engines.whisper_package import LANGUAGES, TO_LANGUAGE_CODE


def language_code(name: str | None) -> str | None:
    """Whisper's code for a language's code or English name; ``pt-BR`` counts as ``pt``."""
    if name is None:
        return None
    lowered = name.strip().lower().replace("_", "-")
    code: str = TO_LANGUAGE_CODE.get(lowered, lowered)
    if code not in LANGUAGES:
        code = lowered.partition("-")[0]
    if code not in LANGUAGES:
        raise ConfigError(
            f"Whisper knows no language {name!r}; give a code such as en, de or fr, an English "
            f"name such as German, or none to have it detected"
        )
    return code
