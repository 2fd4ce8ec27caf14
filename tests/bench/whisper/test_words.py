"""What is said of words: lost ones, equal texts, ratios, and how confidence is fitted."""

import math
import random
from pathlib import Path

import numpy as np
import pytest

from alternator.speech.batched.confidence import Coefficients, Features
from bench.whisper import audio, invented
from bench.whisper.calibration import Heard, as_toml, fit, gap, reliability
from bench.whisper.confidence import aligned, mix
from bench.whisper.words import Spoken, equal, ratio
from tests.real.speech import SAMPLE_RATE


@pytest.mark.parametrize(
    ("ours", "theirs", "gone"),
    [
        ("the cat sat on the mat", "the cat sat on the mat", []),
        ("the cat on the mat", "the cat sat on the mat", ["sat"]),
        ("the cat on the mat", "the cat on the mat", []),  # neither heard it
        ("", "the cat sat", ["the", "cat", "sat"]),
        ("the mat the cat sat on", "a cat sat on a mat", ["mat"]),
    ],
)
def test_a_word_is_lost_if_only_the_other_heard_it(ours: str, theirs: str, gone: list[str]) -> None:
    assert invented.lost("The cat sat on the mat.", ours, theirs) == gone


FILES = [
    Spoken(path=Path("a.wav"), text="one two three four", language="cs"),
    Spoken(path=Path("b.wav"), text="five six seven eight", language="nl"),
]


def test_equal_texts_are_counted_and_a_missing_engine_is_said() -> None:
    heard = {"theirs": [" one two", "five"], "ours": ["one two", "Five"]}
    assert equal("e", heard, "theirs", "ours").value == 50.0
    assert equal("e", heard, "theirs", "nobody").why == "an engine is missing"


def test_word_errors_are_compared_over_all_files_and_by_language() -> None:
    heard = {
        "ours": ["one two three", "five six seven eight"],
        "theirs": ["one two", "five six seven"],
    }
    figure = ratio("r", FILES, heard, ("ours", "theirs"))
    assert figure.value == pytest.approx(1 / 3)
    assert figure.parts["words"] == 8
    assert figure.parts["ours, cs %"] == 25
    assert figure.parts["theirs, nl %"] == 25
    assert figure.parts["from"] <= 1 / 3 <= figure.parts["to"]


def test_words_are_right_where_both_texts_go_along() -> None:
    assert aligned(["a", "b", "c"], ["a", "x", "c"]) == [True, False, True]
    assert aligned(["a", "b"], ["a", "b", "b", "b"]) == [True, True, False, False]
    assert aligned([], ["you"]) == [False]


@pytest.mark.parametrize("below", [0.0, 10.0])
def test_noise_is_as_loud_as_asked(below: float) -> None:
    tone = np.sin(np.arange(SAMPLE_RATE, dtype=np.float32) / 7)
    mixed = mix(tone, "white noise", below)
    gain = float(np.dot(mixed, tone) / np.dot(tone, tone))
    rest = mixed - gain * tone
    found = 10 * math.log10(float(np.mean((gain * tone) ** 2) / np.mean(rest**2)))
    assert found == pytest.approx(below, abs=0.3)
    assert mix(tone, "clean", None) is tone


def made(count: int, seed: int) -> list[Heard]:
    """Words that are right as often as a known rule says."""
    chance = random.Random(seed)
    truth = Coefficients(
        bias=0.3,
        log_odds=0.8,
        mean_logprob=1.5,
        no_speech=-2.0,
        compression=0.0,
        temperature=0.0,
        silence=-1.0,
    )
    words = []
    for _ in range(count):
        features = Features(
            log_odds=chance.gauss(1, 2),
            mean_logprob=-chance.random(),
            no_speech=chance.random(),
            compression=1 + chance.random(),
            temperature=0.0,
            silence=chance.random(),
        )
        words.append(Heard(features=features, right=chance.random() < truth.confidence(features)))
    return words


def test_the_fit_finds_the_rule_and_closes_the_gap() -> None:
    fitted, others = fit(made(8_000, 1)), made(8_000, 2)
    assert fitted.log_odds == pytest.approx(0.8, abs=0.08)
    assert fitted.mean_logprob == pytest.approx(1.5, abs=0.3)
    assert fitted.no_speech == pytest.approx(-2.0, abs=0.3)
    plain = Coefficients(
        bias=0, log_odds=1, mean_logprob=0, no_speech=0, compression=0, temperature=0, silence=0
    )
    assert gap(others, fitted) < 0.02
    assert gap(others, plain) > 0.1
    assert sum(count for _, count, _, _ in reliability(others, fitted)) == 8_000
    assert "log_odds = " in as_toml(fitted, 8_000, 0.01)


def test_clips_and_sounds_are_as_long_as_they_should_be(tmp_path: Path) -> None:
    file = audio.write(tmp_path / "a.wav", np.zeros(SAMPLE_RATE // 2, np.float32))
    assert audio.seconds(file) == 0.5
    tune = invented._tune()
    assert len(tune) == invented.MINUTE
    assert float(np.abs(tune).max()) == pytest.approx(0.4)
    brown = invented._noise(white=False)
    spectrum = np.abs(np.fft.rfft(brown[: 2**16])) ** 2
    assert spectrum[400:800].sum() > 5 * spectrum[4000:8000].sum()  # by the square: 10
