"""How far confidence can be trusted, and which coefficients make it so.

    .venv/bin/python -m bench.whisper.confidence [--lines 60] [--toml FILE] [--json FILE]

Human speech, clean and with noise and music mixed in, is transcribed by the engine with OpenAI's
base weights. Each word that was heard is right or wrong, by the alignment with what was said. On
one half of the files a logistic regression is fitted over what is known of a word
(alternator/speech/batched/confidence.py, Features); the other half shows whether of the words with
a confidence of 80 % four in five are right: the table of reliability, and the mean gap between the
two, weighted by words (expected calibration error: https://arxiv.org/abs/1706.04599).
"""

import argparse
import dataclasses
import math
import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from alternator.config.load import load_whisper
from alternator.speech.batched.confidence import LEAST, Features, coefficients
from alternator.speech.batched.voiced import Voice
from alternator.speech.options import DecodingOptions
from alternator.speech.transcriber import Transcriber
from alternator.speech.transcript import Segment, Transcript, Word
from alternator.speech.voice import VoiceDetector
from bench.whisper import audio
from bench.whisper.calibration import BINS, Heard, as_toml, fit, gap, reliability
from bench.whisper.words import LANGUAGES
from tests.real import speech, weights
from tests.real.speech import NotHereError, Samples
from tests.real.words import normalised

# Decibels by which the speech is louder than what is mixed in; None: nothing is.
CONDITIONS: tuple[tuple[str, float | None], ...] = (
    ("clean", None),
    ("music", 5.0),
    ("white noise", 10.0),
    ("white noise", 0.0),
)
FILE_SECONDS = 25.0


def main() -> int:
    """Hear, fit, print, and write the coefficients if asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lines", type=int, default=60, help="of each language")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--toml", type=Path, help="where the coefficients are written")
    arguments = parser.parse_args()
    files = list(hear(arguments.lines, arguments.threads))
    fitting = [word for words in files[::2] for word in words]
    checking = [word for words in files[1::2] for word in words]
    fitted = fit(fitting)
    print(f"{len(fitting)} words to fit, {len(checking)} to check")
    for name, chosen in (("as it is", coefficients()), ("fitted", fitted)):
        print(f"{name}: expected calibration error {gap(checking, chosen):.3f}")
        print(f"{'confidence':>12}{'words':>8}{'said':>8}{'right':>8}")
        for low, count, said, right in reliability(checking, chosen):
            print(f"{low:>8.1f}-{low + 1 / BINS:.1f}{count:>8}{said:>8.2f}{right:>8.2f}")
    if arguments.toml:
        arguments.toml.write_text(as_toml(fitted, len(fitting), gap(checking, fitted)), "utf-8")
    return 0


def hear(lines: int, threads: int) -> Iterator[list[Heard]]:
    """The words of each file in each condition."""
    settings = dataclasses.replace(
        load_whisper(),
        engine="alternator",
        model=str(weights.checkpoint("base")),
        compute_type="float32",
        max_duration_minutes=0,
    )
    detector = VoiceDetector("cpu")
    with (
        tempfile.TemporaryDirectory() as folder,
        Transcriber(settings, device="cpu", threads=threads) as transcriber,
    ):
        for language, group in groups(lines):
            sound, text = speech.joined(group)
            for name, below in CONDITIONS:
                mixed = mix(audio.level(sound), name, below)
                path = audio.write(Path(folder) / "mixed.wav", mixed)
                options = DecodingOptions(language=language, beam_size=None, word_timestamps=True)
                transcript = transcriber.transcribe(path, options=options)
                words = list(words_of(transcript, text, language, voice_of(detector, mixed)))
                right = sum(word.right for word in words)
                louder = "" if below is None else f" {below:g} dB below"
                print(f"{language}, {name}{louder}: {right} of {len(words)} right", flush=True)
                yield words


def groups(lines: int) -> Iterator[tuple[str, list[speech.Line]]]:
    """Lines of a language, as many as make a file."""
    for language in LANGUAGES:
        try:
            chosen = list(speech.lines(language))
        except NotHereError as error:
            print(f"no {language}: {error}", flush=True)
            continue
        random.Random(11).shuffle(chosen)
        group: list[speech.Line] = []
        length = 0.0
        for line in chosen[:lines]:
            group.append(line)
            length += len(speech.samples(line.path)) / speech.SAMPLE_RATE
            if length >= FILE_SECONDS:
                yield language, group
                group, length = [], 0.0


def mix(sound: Samples, name: str, below: float | None) -> Samples:
    """The speech with noise or music that many decibels below it."""
    if below is None:
        return sound
    if name == "music":
        other = np.resize(speech.samples(speech.music()[1]), len(sound))
    else:
        other = np.random.default_rng(3).standard_normal(len(sound)).astype(np.float32)
    ratio = float(np.sqrt(np.mean(sound**2)) / np.sqrt(np.mean(other**2)))
    return audio.level(sound + other * np.float32(ratio * 10 ** (-below / 20)))


def voice_of(detector: VoiceDetector, sound: Samples) -> Voice:
    """Where somebody speaks."""
    seconds = len(sound) / speech.SAMPLE_RATE
    return Voice(probabilities=detector.probabilities(sound), spans=(), total=seconds)


def words_of(transcript: Transcript, said: str, language: str, voice: Voice) -> Iterator[Heard]:
    """Each word that was heard, with whether it was said there."""
    entries = [(segment, word) for segment in transcript.segments for word in segment.words or ()]
    spelled = [" ".join(normalised(word.text, language)) for _, word in entries]
    wanted = [" ".join(normalised(word, language)) for word in said.split()]
    right = aligned([word for word in wanted if word], spelled)
    for (segment, word), text, good in zip(entries, spelled, right, strict=True):
        if text and segment.decoding:
            yield Heard(features=features_of(segment, word, voice), right=good)


def features_of(segment: Segment, word: Word, voice: Voice) -> Features:
    """What is known of a word of a transcript, as the engine reckons it."""
    decoding = segment.decoding
    assert decoding
    probability = min(max(word.probability, LEAST), 1.0 - LEAST)
    no_speech = decoding.no_speech_prob
    return Features(
        log_odds=math.log(probability / (1.0 - probability)),
        mean_logprob=decoding.avg_logprob,
        no_speech=0.0 if math.isnan(no_speech) else no_speech,
        compression=decoding.compression_ratio,
        temperature=decoding.temperature,
        silence=1.0 - voice.share(segment.start, segment.end),
    )


def aligned(said: Sequence[str], heard: Sequence[str]) -> list[bool]:
    """Of each word that was heard: whether it stands in the longest common sequence."""
    lengths = np.zeros((len(said) + 1, len(heard) + 1), np.int32)
    for i in range(len(said) - 1, -1, -1):
        for j in range(len(heard) - 1, -1, -1):
            same = said[i] == heard[j]
            further = max(lengths[i + 1, j], lengths[i, j + 1])
            lengths[i, j] = lengths[i + 1, j + 1] + 1 if same else further
    right = [False] * len(heard)
    i = j = 0
    while i < len(said) and j < len(heard):
        if said[i] == heard[j]:
            right[j] = True
            i, j = i + 1, j + 1
        elif lengths[i + 1, j] >= lengths[i, j + 1]:
            i += 1
        else:
            j += 1
    return right


if __name__ == "__main__":
    sys.exit(main())
