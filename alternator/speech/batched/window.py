"""A window of sound that is to become tokens, and what became of it.

Here the two halves of the engine meet. ``listening`` knows files: where their windows are, what a
window is prompted with, and what its tokens mean. ``decoder`` knows windows alone: it computes many
together, whosever they are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from alternator.config.models import Task


@dataclass(frozen=True, kw_only=True)
class Search:
    """How the tokens of a window are chosen: DecodingOptions, as far as they are about that.

    ``temperatures`` are tried one after the other while the result looks wrong by the thresholds;
    names, meanings and the order of the checks are those of openai-whisper's ``transcribe``
    (decode_with_fallback). ``sample_len`` bounds the tokens, None is openai-whisper's half of the
    text context. ``wants_attention``: Decoded.attention is asked for.
    """

    temperatures: tuple[float, ...] = (0.0,)
    beam_size: int | None = None
    best_of: int | None = None
    patience: float | None = None
    length_penalty: float | None = None
    suppress_tokens: tuple[int, ...] = (-1,)
    without_timestamps: bool = False
    max_initial_timestamp: float | None = 1.0
    sample_len: int | None = None
    compression_ratio_threshold: float | None = 2.4
    logprob_threshold: float | None = -1.0
    no_speech_threshold: float | None = 0.6
    wants_attention: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """One window to decode.

    ``mel``: log-Mel spectrogram, float32, shape (n_mels, frames), at most 3000 frames of 10 ms,
    padded by the decoder as openai-whisper pads. ``prompt`` and ``prefix`` are tokens, already cut
    to what the context holds. ``language`` is Whisper's code; None has this window's detected.
    ``owner`` names the request that it belongs to. ``exact``: computed as openai-whisper does, all
    of its padding; else little of it where that is slow (``silence.py``), with words as good.
    ``urgent``: others wait for it. ``begins``: at which second of it the text behind the prefix
    may begin; the prefix ends with a timestamp then. None: at the beginning.
    """

    owner: str
    mel: torch.Tensor
    search: Search
    language: str | None
    task: Task = "transcribe"
    prompt: tuple[int, ...] = ()
    prefix: tuple[int, ...] = ()
    exact: bool = True
    urgent: bool = False
    begins: float | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Decoded:
    """What became of a window: openai-whisper's DecodingResult, and how sure each token is.

    ``tokens`` without the start sequence and the end; ``token_logprobs`` has one more, that of the
    end of the text (or of the last token, where the window was full). ``language_probabilities``
    where the language was detected. ``attention``: the raw scores (before softmax) of the alignment
    heads over the sound, float32 on the CPU, shape (heads, len(tokens) + 1, audio positions of
    20 ms): row i belongs to the step that chose token i, the last one to the end of the text.
    """

    tokens: tuple[int, ...]
    text: str
    language: str
    avg_logprob: float
    no_speech_prob: float
    temperature: float
    compression_ratio: float
    token_logprobs: tuple[float, ...]
    language_probabilities: Mapping[str, float] = field(default_factory=dict)
    attention: torch.Tensor | None = None
