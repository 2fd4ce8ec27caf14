"""How sure a word is: from 0 to 1, the share of words like it that are right.

A logistic regression over what is known of a word; ``confidence.toml`` has its coefficients, and on
which speech they were fitted (``bench/whisper/confidence.py``). A segment is as sure as its words
are on the average, and so is a whole transcript.
"""

import functools
import math
import tomllib
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from importlib import resources
from typing import Protocol

# Of a probability, so that its odds have a logarithm.
LEAST = 1e-4


@dataclass(frozen=True, kw_only=True)
class Features:
    """What is known of a word.

    ``log_odds`` of the mean of its tokens' probabilities (Word.probability); of its window:
    ``mean_logprob`` (avg_logprob), ``no_speech`` (the probability of silence), ``compression`` (the
    compression ratio), ``temperature``; ``silence`` is the share of its segment in which the voice
    detector hears nobody, 0 where it was not asked.
    """

    log_odds: float
    mean_logprob: float
    no_speech: float
    compression: float
    temperature: float
    silence: float


@dataclass(frozen=True, kw_only=True)
class Coefficients:
    """``confidence.toml``, table ``coefficients``: Features, and what stands by itself."""

    bias: float
    log_odds: float
    mean_logprob: float
    no_speech: float
    compression: float
    temperature: float
    silence: float

    def confidence(self, features: Features) -> float:
        """From 0 to 1."""
        bias, *weights = astuple(self)
        pairs = zip(weights, astuple(features), strict=True)
        total = bias + sum(weight * value for weight, value in pairs)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, total))))


@functools.cache
def coefficients() -> Coefficients:
    """The committed ones."""
    text = (resources.files(__package__) / "confidence.toml").read_text("utf-8")
    return Coefficients(**tomllib.loads(text)["coefficients"])


class Window(Protocol):
    """``Decoded`` or ``Decoding``."""

    @property
    def avg_logprob(self) -> float: ...

    @property
    def no_speech_prob(self) -> float: ...

    @property
    def compression_ratio(self) -> float: ...

    @property
    def temperature(self) -> float: ...


def features(probability: float, window: Window, silence: float = 0.0) -> Features:
    """Of a word of that probability in that window."""
    probability = min(max(probability, LEAST), 1.0 - LEAST)
    no_speech = window.no_speech_prob
    return Features(
        log_odds=math.log(probability / (1.0 - probability)),
        mean_logprob=window.avg_logprob,
        no_speech=0.0 if math.isnan(no_speech) else no_speech,
        compression=window.compression_ratio,
        temperature=window.temperature,
        silence=silence,
    )


def mean(weighted: Sequence[tuple[float, int]]) -> float | None:
    """The mean of confidences, each with the number of words that have it; None without words."""
    words = sum(count for _, count in weighted)
    return sum(value * count for value, count in weighted) / words if words else None
