"""Confidence is a logistic function of what is known of a word."""

import math

import pytest

from alternator.speech.batched.confidence import Coefficients, coefficients, features, mean
from alternator.speech.transcript import Decoding

WINDOW = Decoding(
    seek=0,
    tokens=(),
    temperature=0.0,
    avg_logprob=-0.2,
    compression_ratio=1.3,
    no_speech_prob=0.01,
)


def test_of_the_probability_alone_it_is_the_probability() -> None:
    plain = Coefficients(
        bias=0.0,
        log_odds=1.0,
        mean_logprob=0.0,
        no_speech=0.0,
        compression=0.0,
        temperature=0.0,
        silence=0.0,
    )
    for probability in (0.01, 0.5, 0.93):
        assert plain.confidence(features(probability, WINDOW)) == pytest.approx(probability)


def test_the_committed_coefficients_are_of_use() -> None:
    """More probable is surer, and nothing leaves the bounds."""
    values = [
        coefficients().confidence(features(probability, WINDOW))
        for probability in (0.0, 0.1, 0.5, 0.9, 1.0)
    ]
    assert values == sorted(values) and len(set(values)) == 5
    assert all(0.0 < value < 1.0 for value in values)


def test_where_silence_has_no_probability_it_counts_as_none() -> None:
    unknown = Decoding(**{**vars(WINDOW), "no_speech_prob": math.nan})
    assert features(0.5, unknown).no_speech == 0.0


def test_the_mean_counts_words() -> None:
    assert mean([(0.9, 3), (0.1, 1)]) == pytest.approx(0.7)
    assert mean([]) is None
