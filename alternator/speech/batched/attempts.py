"""How a window is tried, and tried again: openai-whisper's decode_with_fallback.

https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from alternator.config.models import Task
from alternator.speech.batched.hypotheses import Way
from alternator.speech.batched.window import Decoded, Search, Window
from alternator.speech.engines.whisper_package import Tokenizer

# The tokenizer for a language and a task.
Tokenizers = Callable[[str, Task], Tokenizer]


@dataclass(frozen=True, kw_only=True)
class Start:
    """What stands before a window's tokens; at ``sot`` is <|startoftranscript|>."""

    tokens: tuple[int, ...]
    sot: int

    @classmethod
    def of(cls, window: Window, tokenizer: Tokenizer, text_context: int) -> Self:
        """As openai-whisper's _get_initial_tokens. The prefix was cut by who asked."""
        timed = not window.search.without_timestamps
        sot = tokenizer.sot_sequence if timed else tokenizer.sot_sequence_including_notimestamps
        prompt: tuple[int, ...] = ()
        if window.prompt:
            prompt = (tokenizer.sot_prev, *window.prompt[-(text_context // 2 - 1) :])
        return cls(tokens=(*prompt, *sot, *window.prefix), sot=len(prompt))


def way_of(search: Search, attempt: int, steps: int, seed: int) -> Way:
    """How the tokens are chosen at an attempt: beams are for temperature 0, best_of for others."""
    temperature = search.temperatures[attempt]
    if temperature > 0:
        return Way(
            rows=search.best_of or 1, steps=steps, temperature=temperature, seed=seed + attempt
        )
    if search.beam_size is None:
        return Way(rows=1, steps=steps)
    sequences = round(search.beam_size * (search.patience or 1.0))
    return Way(rows=search.beam_size, steps=steps, sequences=sequences)


def most_steps(search: Search, start: Start, text_context: int) -> int:
    """How many tokens a window may have: openai-whisper goes on until one more than its context
    holds stands there, the last of which it never looks at."""
    return min(search.sample_len or text_context // 2, text_context + 1 - len(start.tokens))


def looks_wrong(decoded: Decoded, search: Search) -> bool:
    """Whether the next temperature is to be tried."""
    repetitive = (
        search.compression_ratio_threshold is not None
        and decoded.compression_ratio > search.compression_ratio_threshold
    )
    unlikely = (
        search.logprob_threshold is not None and decoded.avg_logprob < search.logprob_threshold
    )
    silent = (
        search.no_speech_threshold is not None
        and decoded.no_speech_prob > search.no_speech_threshold
        and unlikely
    )
    return (repetitive or unlikely) and not silent
