"""What an attempt at a window starts with and how it goes, and what is made of what it brought."""

import torch

from alternator.errors import ConfigError
from alternator.models.checkpoint import Dimensions
from alternator.speech.batched.attempts import Start, Tokenizers, most_steps, way_of
from alternator.speech.batched.jobs import Heard, Job, Plan
from alternator.speech.batched.token_rules import WindowRules
from alternator.speech.batched.window import Decoded, Window
from alternator.speech.engines.whisper_package import compression_ratio


class Planner:
    """Plans attempts for a network of some dimensions. ``seed``: of what is left to chance."""

    def __init__(self, dimensions: Dimensions, tokenizers: Tokenizers, seed: int) -> None:
        self._dimensions = dimensions
        self._tokenizers = tokenizers
        self._seed = seed

    def known_language(self, window: Window) -> str | None:
        """The window's language, where it need not be detected."""
        return window.language if self._dimensions.is_multilingual else "en"

    def check(self, window: Window) -> None:
        """ConfigError for what can't be decoded, whatever is in it."""
        search = window.search
        vocabulary, context = self._dimensions.n_vocab, self._dimensions.n_text_ctx
        unknown = [token for token in search.suppress_tokens if token >= vocabulary]
        if unknown:
            raise ConfigError(
                f"suppress_tokens: the model has {vocabulary} tokens, none is {unknown[0]}"
            )
        if not search.temperatures or min(search.temperatures) < 0:
            raise ConfigError("temperature: give at least one, none below 0")
        for name, least in (("beam_size", 1), ("best_of", 1), ("sample_len", 1)):
            value = getattr(search, name)
            if value is not None and value < least:
                raise ConfigError(f"{name}: give {least} or more, not {value}")
        if search.beam_size and round(search.beam_size * (search.patience or 1.0)) < 1:
            raise ConfigError(f"patience: {search.patience} leaves no beam to wait for")
        tokenizer = self._tokenizers(self.known_language(window) or "en", window.task)
        length = len(Start.of(window, tokenizer, context).tokens)
        if length >= context:
            raise ConfigError(
                f"prompt and prefix: {length} tokens leave no room in the model's {context}; "
                f"shorten them"
            )

    def plan(self, job: Job) -> Plan:
        """The next attempt at a window whose language is known."""
        assert job.language is not None, "the language comes before the plan"
        window, dimensions = job.window, self._dimensions
        tokenizer = self._tokenizers(job.language, window.task)
        start = Start.of(window, tokenizer, dimensions.n_text_ctx)
        steps = most_steps(window.search, start, dimensions.n_text_ctx)
        return Plan(
            start=start,
            way=way_of(window.search, job.attempt, steps, self._seed),
            rules=WindowRules.of(window, tokenizer, dimensions.n_audio_ctx),
        )

    def decoded(self, heard: Heard) -> Decoded:
        """The result of an attempt."""
        job, found = heard.job, heard.hypothesis
        assert job.language is not None, "the language comes before the result"
        text = self._tokenizers(job.language, job.window.task).decode(list(found.tokens)).strip()
        logprobs = found.logprobs
        return Decoded(
            tokens=found.tokens,
            text=text,
            language=job.language,
            avg_logprob=found.total / (len(found.tokens) + 1),
            no_speech_prob=heard.no_speech_prob,
            temperature=job.window.search.temperatures[job.attempt],
            compression_ratio=compression_ratio(text),
            token_logprobs=logprobs if found.ended else (*logprobs, logprobs[-1]),
            language_probabilities=job.language_probabilities,
            attention=heard.attention,
        )


def lacks_memory(error: BaseException) -> bool:
    """Whether torch found no room. On the CPU it has no class of errors for that:
    https://github.com/pytorch/pytorch/blob/v2.13.0/c10/core/impl/alloc_cpu.cpp"""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and (
        "allocate memory" in text or "not enough memory" in text
    )
