"""What openai-whisper makes of a window alone, to hold a decoder's results against."""

import contextlib
import functools
import warnings
from collections.abc import Iterator, Mapping
from unittest.mock import patch

import torch
import whisper
from whisper.decoding import DecodingOptions, DecodingResult
from whisper.model import Whisper
from whisper.tokenizer import Tokenizer, get_tokenizer

from alternator.models.checkpoint import Dimensions
from alternator.speech.batched.attempts import Tokenizers
from alternator.speech.batched.decoder import Decoder
from alternator.speech.batched.sampling import chances, sampled
from alternator.speech.batched.window import Decoded, Window


def tokenizers_of(dimensions: Dimensions) -> Tokenizers:
    """The tokenizers of a model."""

    @functools.cache
    def tokenizer(language: str, task: str) -> Tokenizer:
        return get_tokenizer(
            dimensions.is_multilingual,
            num_languages=dimensions.num_languages,
            language=language,
            task=task,
        )

    return tokenizer


@contextlib.contextmanager
def chance_of(seed: int, rows: int, steps: int) -> Iterator[None]:
    """openai-whisper draws its tokens by the numbers that a decoder draws by for a window."""
    drawn = iter(chances(seed, steps, rows))

    class Drawn:
        def __init__(self, logits: torch.Tensor) -> None:
            self.logits = logits

        def sample(self) -> torch.Tensor:
            # The logits come divided by the temperature: what is left is one of 1.
            one = torch.ones(1, 1)
            return sampled(self.logits[None], one, next(drawn)[None])[0]

    with patch("whisper.decoding.Categorical", Drawn):
        yield


def whisper_alone(
    model: Whisper, window: Window, *, seed: int = 0
) -> tuple[DecodingResult, Mapping[str, float] | None]:
    """decode_with_fallback of whisper.transcribe, and the languages' probabilities where asked."""
    search = window.search
    mel = whisper.pad_or_trim(window.mel, 2 * model.dims.n_audio_ctx)
    probabilities = None
    if window.language is None and model.is_multilingual:
        probabilities = model.detect_language(mel)[1]
    for attempt, temperature in enumerate(search.temperatures):
        beams = temperature == 0
        options = DecodingOptions(
            task=window.task,
            language=window.language or (None if model.is_multilingual else "en"),
            temperature=temperature,
            sample_len=search.sample_len,
            best_of=None if beams else search.best_of,
            beam_size=search.beam_size if beams else None,
            patience=search.patience if beams else None,
            length_penalty=search.length_penalty,
            prompt=list(window.prompt),
            prefix=list(window.prefix),
            suppress_tokens=list(search.suppress_tokens),
            without_timestamps=search.without_timestamps,
            max_initial_timestamp=search.max_initial_timestamp,
            fp16=False,
        )
        with chance_of(seed + attempt, search.best_of or 1, model.dims.n_text_ctx):
            result = quiet_decode(model, mel, options)
        if not needs_fallback(result, window):
            break
    return result, probabilities


def quiet_decode(model: Whisper, mel: torch.Tensor, options: DecodingOptions) -> DecodingResult:
    """whisper.decode; BeamSearchDecoder.finalize hands numpy a tensor, which it is not to."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="__array_wrap__", category=DeprecationWarning)
        result: DecodingResult = whisper.decode(model, mel, options)
        return result


def needs_fallback(result: DecodingResult, window: Window) -> bool:
    """As written in https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py"""
    search = window.search
    needed = False
    if (
        search.compression_ratio_threshold is not None
        and result.compression_ratio > search.compression_ratio_threshold
    ):
        needed = True
    if search.logprob_threshold is not None and result.avg_logprob < search.logprob_threshold:
        needed = True
    if (
        search.no_speech_threshold is not None
        and result.no_speech_prob > search.no_speech_threshold
        and search.logprob_threshold is not None
        and result.avg_logprob < search.logprob_threshold
    ):
        needed = False
    return needed


def decode_all(decoder: Decoder, windows: list[Window], *, later: int = 0) -> list[Decoded]:
    """All windows through a decoder; the last ``later`` come while the others are under way."""
    results: dict[int, Decoded] = {}
    for number, window in enumerate(windows):
        if number >= len(windows) - later:
            for _ in range(5):
                decoder.step()
        decoder.submit(window, functools.partial(results.__setitem__, number))
    while decoder.step():
        pass
    return [results[number] for number in range(len(windows))]


def assert_like_whisper(found: Decoded, model: Whisper, window: Window, *, seed: int = 0) -> None:
    """A decoder's result is what openai-whisper makes of the window alone."""
    right, probabilities = whisper_alone(model, window, seed=seed)
    assert list(found.tokens) == right.tokens
    assert found.text == right.text
    assert found.language == right.language
    assert found.temperature == right.temperature
    assert abs(found.avg_logprob - right.avg_logprob) < 1e-3
    assert abs(found.no_speech_prob - right.no_speech_prob) < 1e-3
    assert found.compression_ratio == right.compression_ratio
    assert dict(found.language_probabilities).keys() == (probabilities or {}).keys()
    for code, probability in (probabilities or {}).items():
        assert abs(found.language_probabilities[code] - probability) < 1e-3
    assert len(found.token_logprobs) == len(found.tokens) + 1
