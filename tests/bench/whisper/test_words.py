"""What is said of words: lost ones, equal texts, ratios, and how confidence is fitted."""

import math
import random
import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from alternator.speech.batched.confidence import Coefficients, Features
from bench.whisper import audio, invented
from bench.whisper.confidence import Sample, fit, matrix, report, table, under_noise
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


@pytest.mark.parametrize("decibels", [0.0, 10.0])
def test_noise_is_as_loud_as_asked(decibels: float) -> None:
    tone = np.sin(np.arange(SAMPLE_RATE, dtype=np.float32) / 7)
    rest = under_noise(tone, decibels, 1) - tone
    found = 10 * math.log10(float(np.mean(tone**2) / np.mean(rest**2)))
    assert found == pytest.approx(decibels, abs=0.3)
    assert under_noise(tone, None, 1) is tone


def made(count: int, seed: int) -> list[Sample]:
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
        right = chance.random() < truth.confidence(features)
        words.append(Sample(line=0, known=features, right=right))
    return words


def test_the_fit_finds_the_rule_and_closes_the_gap(capsys: pytest.CaptureFixture[str]) -> None:
    fitted, others = fit(*matrix(made(8_000, 1))), made(8_000, 2)
    names = ["bias", *(field.name for field in fields(Features))]
    found = dict(zip(names, fitted, strict=True))
    assert found["log_odds"] == pytest.approx(0.8, abs=0.08)
    assert found["mean_logprob"] == pytest.approx(1.5, abs=0.3)
    assert found["no_speech"] == pytest.approx(-2.0, abs=0.3)
    plain = np.array([float(name == "log_odds") for name in names])
    assert report(fitted, others, "fitted") < 0.02
    assert report(plain, others, "plain") > 0.1
    assert "fitted: 8000 words, " in capsys.readouterr().out
    assert tomllib.loads(table(fitted, 8_000, 0.01))["coefficients"].keys() == set(names)


def test_clips_and_sounds_are_as_long_as_they_should_be(tmp_path: Path) -> None:
    file = audio.write(tmp_path / "a.wav", np.zeros(SAMPLE_RATE // 2, np.float32))
    assert audio.seconds(file) == 0.5
    tune = invented._tune()
    assert len(tune) == invented.MINUTE
    assert float(np.abs(tune).max()) == pytest.approx(0.4)
    brown = invented._noise(white=False)
    spectrum = np.abs(np.fft.rfft(brown[: 2**16])) ** 2
    assert spectrum[400:800].sum() > 5 * spectrum[4000:8000].sum()  # by the square: 10
