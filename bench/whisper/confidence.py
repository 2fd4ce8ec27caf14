"""Fits the confidence of words to human speech.

    python -m bench.whisper.confidence [--lines N] [--write]

Each line of tests/real/speech.py is transcribed by the engine ``alternator`` with base's real
weights, as it is and under noise; a word is right if it stands in the line's own text, both in
their order. On three of four lines the coefficients of alternator/speech/batched/confidence.toml
are fitted (logistic regression, ridge 1), on the fourth they are tried: printed are the share of
right words against the confidence, by tenths, and their mean distance. ``--write`` writes the file.
"""

import argparse
import itertools
import tempfile
import textwrap
import wave
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import numpy.typing as npt

from alternator.media.audio import SAMPLE_RATE, Samples, decode
from alternator.progress import SILENT
from alternator.speech.batched import confidence
from alternator.speech.batched.confidence import Features, features
from alternator.speech.batched.shortened import whole
from alternator.speech.batched.voiced import Voice, find_windows
from alternator.speech.engines.batched import BatchedEngine
from alternator.speech.engines.engine import Done, LoadOptions, Request
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Transcript
from alternator.speech.voice import VoiceDetector
from alternator.speech.worker.inbox import Inbox
from tests.real import speech, weights, words

LANGUAGES = ("en", "ru", "cs", "nl")
SPEECH_TO_NOISE = (None, 20.0, 5.0)  # decibels; None: as it is
TARGET = Path(confidence.__file__).with_suffix(".toml")
RIDGE = 1.0


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A word that the engine heard: its line, what is known of it, and whether it was said."""

    line: int
    known: Features
    right: bool


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=60, help="of each language")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    engine = BatchedEngine()
    options = LoadOptions(model_dir=Path(), compute_type="float32")
    engine.load(str(weights.checkpoint("base")), "cpu", options, SILENT)
    samples = list(heard(engine, arguments.lines))
    fitted = [sample for sample in samples if sample.line % 4]
    tried = [sample for sample in samples if not sample.line % 4]
    found = fit(*matrix(fitted))
    report(found, fitted, "fitted")
    error = report(found, tried, "tried")
    if arguments.write:
        TARGET.write_text(table(found, len(samples), error))


def heard(engine: BatchedEngine, count: int) -> Iterator[Sample]:
    """The words of all lines, in all noises."""
    detector, number = VoiceDetector(), 0
    with tempfile.TemporaryDirectory() as folder:
        for language, noise in itertools.product(LANGUAGES, SPEECH_TO_NOISE):
            for line in spread(speech.lines(language), count):
                number += 1
                samples = under_noise(decode(line.path).samples, noise, number)
                path = Path(folder) / "line.wav"
                write(path, samples)
                voice, _ = find_windows(whole(samples, detector.probabilities(samples)), (0.0,))
                transcript = transcribed(engine, path, language)
                yield from rated(transcript, voice, line, number)


def spread(lines: Sequence[speech.Line], count: int) -> Sequence[speech.Line]:
    """As many of them, from all over the list."""
    return lines[:: max(1, len(lines) // count)][:count]


def under_noise(samples: Samples, decibels: float | None, seed: int) -> Samples:
    if decibels is None:
        return samples
    level = float(np.sqrt(np.mean(samples**2))) * 10 ** (-decibels / 20)
    noise = np.random.default_rng(seed).normal(0.0, level, len(samples))
    return (samples + noise).astype(np.float32)


def write(path: Path, samples: Samples) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((samples * 32_767).clip(-32_768, 32_767).astype("<i2").tobytes())


def transcribed(engine: BatchedEngine, path: Path, language: str) -> Transcript:
    inbox = Inbox(lambda _: None)
    options = DecodingOptions(language=language, beam_size=None, word_timestamps=True)
    inbox.add(Request(id="1", path=path, limit_seconds=None, options=options))
    (done,) = [event for event in engine.transcribe(inbox) if isinstance(event, Done)]
    return done.transcript


def rated(transcript: Transcript, voice: Voice, line: speech.Line, number: int) -> Iterator[Sample]:
    """Each word of a transcript, compared with the line's own text."""
    known: list[Features] = []
    said: list[str] = []
    for segment in transcript.segments:
        assert segment.decoding is not None
        silence = 1.0 - voice.share(segment.start, segment.end)
        for word in segment.words or ():
            assert word.probability is not None, "our own engine tells it"
            for part in words.normalised(word.text, line.language):
                said.append(part)
                known.append(features(word.probability, segment.decoding, silence))
    reference = words.normalised(line.text, line.language)
    right = [False] * len(said)
    for block in SequenceMatcher(None, said, reference, autojunk=False).get_matching_blocks():
        right[block.a : block.a + block.size] = [True] * block.size
    for features_of_word, was_said in zip(known, right, strict=True):
        yield Sample(line=number, known=features_of_word, right=was_said)


Matrix = npt.NDArray[np.float64]


def matrix(samples: Sequence[Sample]) -> tuple[Matrix, Matrix]:
    rows = np.array([(1.0, *astuple(sample.known)) for sample in samples])
    return rows, np.array([float(sample.right) for sample in samples])


def fit(rows: Matrix, right: Matrix) -> Matrix:
    """Logistic regression by Newton's method; the bias is not held back."""
    ridge = np.eye(rows.shape[1]) * RIDGE
    ridge[0, 0] = 1e-6
    found = np.zeros(rows.shape[1])
    for _ in range(50):
        likely = 1.0 / (1.0 + np.exp(-rows @ found))
        slope = rows.T @ (right - likely) - ridge @ found
        bend = (rows * (likely * (1.0 - likely))[:, None]).T @ rows + ridge
        step = np.linalg.solve(bend, slope)
        found += step
        if np.abs(step).max() < 1e-9:
            break
    return found


def report(found: Matrix, samples: Sequence[Sample], name: str) -> float:
    """Print confidence against the share of right words; returns the mean distance of the two."""
    rows, right = matrix(samples)
    sure = 1.0 / (1.0 + np.exp(-rows @ found))
    print(f"{name}: {len(right)} words, {right.mean():.3f} right")
    print("confidence   words   mean   right")
    error = 0.0
    for tenth in range(10):
        within = np.minimum((sure * 10).astype(int), 9) == tenth
        if within.any():
            mean, share = float(sure[within].mean()), float(right[within].mean())
            error += abs(mean - share) * float(within.mean())
            low = tenth / 10
            print(f"{low:.1f} to {low + 0.1:.1f} {within.sum():7d}  {mean:5.3f}   {share:5.3f}")
    print(f"calibration error {error:.3f}")
    return error


def table(found: Matrix, count: int, error: float) -> str:
    names = ["bias", *(field.name for field in fields(Features))]
    lines = "\n".join(f"{name} = {value:.4f}" for name, value in zip(names, found, strict=True))
    source = (
        f"base, {count} words of human speech in {', '.join(LANGUAGES)} (tests/real/speech.py), "
        f"clean and under white noise at 20 and 5 dB; on lines left out of the fit the mean "
        f"distance between confidence and share of right words is {error:.3f}"
    )
    return f'''# How sure a word is: the logistic function of a weighted sum
# (alternator/speech/batched/confidence.py). Made by: python -m bench.whisper.confidence --write
source = """
{textwrap.fill(source, 100)}
"""

[coefficients]
{lines}
'''


if __name__ == "__main__":
    main()
