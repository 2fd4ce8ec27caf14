"""What a client of the Wyoming protocol asks for, and what it is told of this server.

https://github.com/OHF-Voice/wyoming/blob/main/wyoming/asr.py, ``audio.py`` and ``info.py``.
"""

import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from alternator.serve.doors.bare_sound import Samples
from alternator.serve.errors import ApiError, refused
from alternator.serve.fields import Wanted, code_of
from alternator.serve.names import Model, Names
from alternator.speech.languages import languages
from alternator.speech.options import DecodingOptions
from alternator.web.one_line import one_line

RATES = (1000, 192_000)  # Hz
WIDTHS = (1, 2, 3, 4)  # bytes
CHANNELS = (1, 8)
# Of names and terms that may come up, names before terms: Whisper's prompt has no room for more.
MOST_WORDS = 200
MOST_WORD = 100

WHISPER = {"name": "OpenAI", "url": "https://github.com/openai/whisper"}
OPERATOR = {"name": "the server's operator", "url": ""}


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What ``transcribe`` says: a model's name, '' for the default one; a language's code, None to
    have it detected; words that may come up. What else it may say is for other kinds of servers."""

    model: str = ""
    language: str | None = None
    words: tuple[str, ...] = ()

    def wanted(self, usual: DecodingOptions) -> Wanted:
        """As the service takes it; ``usual`` is how the operator has files decoded."""
        decoding = replace(
            usual,
            language=self.language or usual.language,
            # As a prompt, which every engine takes, and of which the end counts most.
            initial_prompt=", ".join(self.words) or usual.initial_prompt,
        )
        return Wanted(model=self.model, decoding=decoding)


def wish_of(data: Mapping[str, object]) -> Wish:
    """The wish in a ``transcribe``. ApiError says what can't be meant."""
    language = text_of(data, "language")
    names = words_of(data, "transcript_names")
    terms = words_of(data, "transcript_terms")[: MOST_WORDS - len(names)]
    return Wish(
        model=text_of(data, "name"),
        language=code_of(language) if language and language != "auto" else None,
        words=(*terms, *names),
    )


def text_of(data: Mapping[str, object], name: str) -> str:
    """A text, '' where there is none."""
    found = data.get(name)
    if found is not None and not isinstance(found, str):
        raise refused(name, f"{name} must be a text")
    return found or ""


def words_of(data: Mapping[str, object], name: str) -> tuple[str, ...]:
    """A list of words, each on one line."""
    found = data.get(name)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise refused(name, f"{name} must be a list of texts")
    return tuple(one_line(word, MOST_WORD) for word in found[:MOST_WORDS])


def samples_of(data: Mapping[str, object]) -> Samples:
    """What the sound is that ``audio-start`` or ``audio-chunk`` announces."""
    return Samples(
        rate=number_of(data, "rate", range(RATES[0], RATES[1] + 1)),
        width=number_of(data, "width", range(WIDTHS[0], WIDTHS[-1] + 1)),
        channels=number_of(data, "channels", range(CHANNELS[0], CHANNELS[1] + 1)),
    )


def number_of(data: Mapping[str, object], name: str, allowed: range) -> int:
    """A whole number out of a range."""
    found = data.get(name)
    if not isinstance(found, int) or isinstance(found, bool) or found not in allowed:
        raise refused(name, f"{name} must be a whole number from {allowed[0]} to {allowed[-1]}")
    return found


def info(names: Names) -> dict[str, object]:
    """The answer to ``describe``: one program, and the models that can be named, the default first.

    What Home Assistant asks for: every language of every model that is ``installed``
    (https://github.com/home-assistant/core/blob/dev/homeassistant/components/wyoming/stt.py).
    """
    program = {
        "name": "alternator",
        "description": "Whisper, for many clients at once",
        "attribution": WHISPER,
        "installed": True,
        "version": importlib.metadata.version("alternator"),
        "models": [model_info(model) for model in names.listed()],
        "supports_transcript_streaming": False,
        "requires_external_vad": True,
    }
    others = ("tts", "handle", "intent", "wake", "mic", "snd")
    return {"asr": [program], **{kind: [] for kind in others}}


def model_info(model: Model) -> dict[str, object]:
    """One model. Those whose name ends in .en know English alone, as openai-whisper's do:
    https://github.com/openai/whisper#available-models-and-languages"""
    known = ["en"] if model.id.endswith(".en") else sorted(languages())
    return {
        "name": model.id,
        "description": f"Whisper {model.id}",
        "attribution": WHISPER if model.owner == "openai" else OPERATOR,
        "installed": True,
        "version": None,
        "languages": known,
    }


def error_data(error: ApiError) -> dict[str, str]:
    """What ``error`` says (wyoming/error.py)."""
    return {"text": error.message, "code": error.code or error.type}
