"""What a window is told before it is decoded: the text before it, a prompt, names, how it begins.

openai-whisper's prompts: https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py
hotwords as faster-whisper has them (get_prompt in
https://github.com/SYSTRAN/faster-whisper/blob/v1.1.1/faster_whisper/transcribe.py).
"""

from alternator.errors import ConfigError
from alternator.speech.engines.whisper_package import Tokenizer
from alternator.speech.options import DecodingOptions


class Prompts:
    """The prompts of one request, window after window.

    ``text_context`` is the model's (448): half of it less one is a prompt's. ConfigError if a text
    holds one of Whisper's own signs.
    """

    def __init__(
        self, options: DecodingOptions, tokenizer: Tokenizer, text_context: int, *, follows: bool
    ) -> None:
        self._room = text_context // 2 - 1
        self._carried = options.carry_initial_prompt
        self._follows = follows
        self._initial = _encoded(tokenizer, "initial_prompt", options.initial_prompt)
        self._prefix = _encoded(tokenizer, "prefix", options.prefix)
        # Beside a prefix faster-whisper leaves hotwords out.
        hotwords = None if self._prefix else options.hotwords
        self._hotwords = _encoded(tokenizer, "hotwords", hotwords)[: self._room]
        self._heard = list(self._initial)
        self._forgotten = 0

    @property
    def prefix(self) -> tuple[int, ...]:
        """The tokens that a window's text begins with; its result is without them."""
        return tuple(self._prefix)

    def next(self) -> tuple[int, ...]:
        """The prompt of a window that follows what was heard; the end of it, if it is too long."""
        if self._carried:
            ignored = max(len(self._initial), self._forgotten)
            room = self._room - len(self._initial)
            # As openai-whisper: a prompt that fills the room by itself lets all of the text in.
            prompt = self._initial + self._heard[ignored:][-room:]
        else:
            prompt = self._heard[self._forgotten :]
        return self._beside_hotwords(prompt)

    def alone(self) -> tuple[int, ...]:
        """The prompt of a window that nothing is known of what comes before it."""
        return self._beside_hotwords(self._initial)

    def heard(self, tokens: tuple[int, ...], temperature: float) -> None:
        """A window gave these. Text that took a high temperature leads no other astray."""
        self._heard.extend(tokens)
        if not self._follows or temperature > 0.5:
            self._forgotten = len(self._heard)

    def _beside_hotwords(self, prompt: list[int]) -> tuple[int, ...]:
        room = self._room - len(self._hotwords)
        return (*self._hotwords, *(prompt[-room:] if room else ()))


def _encoded(tokenizer: Tokenizer, option: str, text: str | None) -> list[int]:
    if text is None or (option != "initial_prompt" and not text.strip()):
        return []
    try:
        return list(tokenizer.encode(" " + text.strip()))
    except ValueError:
        raise ConfigError(
            f"{option} holds one of Whisper's own signs, such as <|endoftext|>; leave it out"
        ) from None
