"""Fits the coefficients of confidence, and says how well confidence and truth agree."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from alternator.speech.batched.confidence import Coefficients, Features

BINS = 10
Matrix = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A word that was heard: what is known of it, and whether it was said."""

    features: Features
    right: bool


def fit(words: Sequence[Heard], *, ridge: float = 1.0) -> Coefficients:
    """Logistic regression by Newton's method, with a small price on large coefficients."""
    x, y = design(words)
    beta = np.zeros(x.shape[1])
    price = ridge * np.eye(x.shape[1])
    price[0, 0] = 0.0
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (y - p) - price @ beta
        curvature = (x * (p * (1 - p))[:, None]).T @ x + price + 1e-9 * np.eye(x.shape[1])
        step = np.linalg.solve(curvature, gradient)
        beta = beta + step
        if float(np.abs(step).max()) < 1e-8:
            break
    names = [field.name for field in fields(Coefficients)]
    return Coefficients(**dict(zip(names, beta.tolist(), strict=True)))


def design(words: Sequence[Heard]) -> tuple[Matrix, Matrix]:
    """A row of features for each word, with a one before it; and whether it is right."""
    x = np.array([(1.0, *astuple(word.features)) for word in words])
    return x, np.array([float(word.right) for word in words])


def reliability(
    words: Sequence[Heard], chosen: Coefficients
) -> Iterator[tuple[float, int, float, float]]:
    """By tenths: from where, how many words, their mean confidence, how many of them are right."""
    rated = [(chosen.confidence(word.features), word.right) for word in words]
    for number in range(BINS):
        within = [pair for pair in rated if min(int(pair[0] * BINS), BINS - 1) == number]
        if within:
            said = sum(value for value, _ in within) / len(within)
            right = sum(good for _, good in within) / len(within)
            yield number / BINS, len(within), said, right


def gap(words: Sequence[Heard], chosen: Coefficients) -> float:
    """The expected calibration error."""
    rows = list(reliability(words, chosen))
    total = sum(count for _, count, _, _ in rows)
    return sum(count * abs(said - right) for _, count, said, right in rows) / max(1, total)


def as_toml(chosen: Coefficients, words: int, error: float) -> str:
    """The file that the engine reads."""
    source = (
        f"python -m bench.whisper.confidence: base weights, {words} words of human speech, clean "
        f"and in noise; expected calibration error {error:.3f} on as many others"
    )
    lines = [
        "# How sure a word is: the logistic function of a weighted sum",
        "# (alternator/speech/batched/confidence.py).",
        f'source = "{source}"',
        "",
        "[coefficients]",
        *(f"{field.name} = {getattr(chosen, field.name):.4f}" for field in fields(chosen)),
    ]
    return "\n".join(lines) + "\n"
