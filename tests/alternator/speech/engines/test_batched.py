"""The engine ``alternator``, whole: its sequential way is ``whisper.transcribe``, word for word."""

import dataclasses
import math
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

from engine_runs import inbox_of, run, transcribed  # after importorskip
from kernel_ways import without_kernels
from sounds import heard, joined, noise, silence, sound_file
from whisper_models import ENGLISH, random_model, saved

from alternator.config.models import ComputeType
from alternator.media.audio import SAMPLE_RATE, Samples
from alternator.progress import SILENT, Progress
from alternator.speech.engines.batched import BatchedEngine
from alternator.speech.engines.engine import LoadOptions
from alternator.speech.engines.openai_whisper import whisper_arguments
from alternator.speech.engines.whisper_package import whisper
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Transcript, Word
from alternator.speech.whisper_dictionary import from_whisper

# None of chance: above temperature 0 two runs of openai-whisper differ from each other.
PLAIN = DecodingOptions(temperature=(0.0,), beam_size=None, vad=False)
PHRASES = ("Captions help everyone understand.", "The red door is open.", "The blue car is fast.")
# Of those that the fixture was trained on.
KNOWN = (
    "Captions help everyone understand.",
    "Music makes people happy.",
    "It will rain in the afternoon.",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """The same checkpoint in both."""

    engine: BatchedEngine
    model: whisper.Whisper


def loaded(
    checkpoint: Path, *, batch: int = 4, compute_type: ComputeType = "float32"
) -> BatchedEngine:
    engine = BatchedEngine()
    options = LoadOptions(
        model_dir=Path("/nowhere"), compute_type=compute_type, batch_size=batch, threads=1
    )
    engine.load(str(checkpoint), "cpu", options, SILENT)
    return engine


@pytest.fixture(scope="module")
def fixture(checkpoint: Path) -> Pair:
    return Pair(engine=loaded(checkpoint), model=whisper.load_model(str(checkpoint), device="cpu"))


@pytest.fixture(scope="module")
def speech(speak: Callable[..., Path]) -> Samples:
    """45 s of phrases with pauses of several lengths, one of them on the border of 30 s."""
    spoken = [heard(speak(phrase)) for phrase in PHRASES]
    parts = [silence(1.5)]
    for number in range(12):
        parts += [spoken[number % 3], silence(0.6 + number % 3)]
    return joined(*parts)[: 45 * SAMPLE_RATE]


@pytest.fixture(scope="module")
def recording(speech: Samples, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sound_file(tmp_path_factory.mktemp("recording") / "speech.wav", speech)


def reference(model: whisper.Whisper, path: Path, options: DecodingOptions) -> Transcript:
    """What ``whisper.transcribe`` says."""
    options = dataclasses.replace(
        options, condition_on_previous_text=options.condition_on_previous_text is not False
    )
    arguments = whisper_arguments(options) | {"fp16": False}
    result = whisper.transcribe(model, heard(path), **arguments)
    return from_whisper(result, 0.0)


def assert_equal(pair: Pair, path: Path, options: DecodingOptions) -> Transcript:
    """Segments, tokens and times are the same to the last bit; probabilities, which are sums in
    another order, to the third digit."""
    ours, theirs = transcribed(pair.engine, path, options), reference(pair.model, path, options)
    assert ours.language == theirs.language
    assert [s.text for s in ours.segments] == [s.text for s in theirs.segments]
    for our, their in zip(ours.segments, theirs.segments, strict=True):
        assert (our.start, our.end) == (their.start, their.end)
        assert our.decoding is not None and their.decoding is not None
        assert our.decoding.tokens == their.decoding.tokens
        assert our.decoding.seek == their.decoding.seek
        assert our.decoding.temperature == their.decoding.temperature
        for name in ("avg_logprob", "no_speech_prob", "compression_ratio"):
            mine, wanted = getattr(our.decoding, name), getattr(their.decoding, name)
            assert math.isclose(mine, wanted, rel_tol=1e-3, abs_tol=1e-4), name
        assert_words(our.words, their.words)
    return ours


def assert_words(ours: tuple[Word, ...] | None, theirs: tuple[Word, ...] | None) -> None:
    assert (ours is None) == (theirs is None)
    for our, their in zip(ours or (), theirs or (), strict=True):
        assert our.probability is not None and their.probability is not None
        assert math.isclose(our.probability, their.probability, abs_tol=1e-3)
        assert (our.text, our.start, our.end) == (their.text, their.start, their.end)


CASES = {
    "plain": PLAIN,
    "not conditioned": dataclasses.replace(PLAIN, condition_on_previous_text=False),
    "beam": dataclasses.replace(PLAIN, beam_size=3, language="en"),
    "patience and penalty": dataclasses.replace(
        PLAIN, beam_size=2, patience=2.0, length_penalty=0.6
    ),
    "no timestamps": dataclasses.replace(PLAIN, without_timestamps=True),
    "prompt": dataclasses.replace(PLAIN, initial_prompt="The green light, the red door."),
    "prompt carried": dataclasses.replace(
        PLAIN, initial_prompt="The red door.", carry_initial_prompt=True
    ),
    "long prompt carried": dataclasses.replace(
        PLAIN, initial_prompt="the door " * 130, carry_initial_prompt=True, language="en"
    ),
    "prefix": dataclasses.replace(PLAIN, prefix="The"),
    "all tokens": dataclasses.replace(PLAIN, suppress_tokens=()),
    "clips": dataclasses.replace(PLAIN, clip_timestamps=(3.0, 9.5, 31.0)),
    "clips backwards": dataclasses.replace(PLAIN, clip_timestamps=(30.0, 40.0, 5.0, 12.0)),
    "silence by any": dataclasses.replace(PLAIN, no_speech_threshold=0.0, logprob_threshold=0.0),
    "silence by some": dataclasses.replace(PLAIN, no_speech_threshold=0.01, logprob_threshold=-0.2),
    "silence by none": dataclasses.replace(PLAIN, no_speech_threshold=None),
    "german": dataclasses.replace(PLAIN, language="de"),
    "translate": dataclasses.replace(PLAIN, task="translate"),
    "words": dataclasses.replace(PLAIN, word_timestamps=True),
    "words of a beam": dataclasses.replace(
        PLAIN, word_timestamps=True, beam_size=2, append_punctuations="", language="en"
    ),
    "words, silence skipped": dataclasses.replace(
        PLAIN, word_timestamps=True, hallucination_silence_threshold=0.5
    ),
    "words, much silence skipped": dataclasses.replace(
        PLAIN,
        word_timestamps=True,
        hallucination_silence_threshold=2.0,
        condition_on_previous_text=False,
        clip_timestamps=(2.0, 41.0),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_one_after_the_other_is_whisper_transcribe(
    name: str, fixture: Pair, recording: Path
) -> None:
    transcript = assert_equal(fixture, recording, CASES[name])
    assert transcript.segments or name == "silence by any"


def test_noise_around_speech_is_heard_as_whisper_transcribe_does(
    fixture: Pair, speech: Samples, tmp_path: Path
) -> None:
    """Windows without speech, and some with half of one: what is skipped is the same."""
    samples = joined(noise(12.0), speech[: 8 * SAMPLE_RATE], noise(30.0), speech[: 5 * SAMPLE_RATE])
    path = sound_file(tmp_path / "noisy.wav", samples)
    for words in (False, True):
        assert_equal(fixture, path, dataclasses.replace(PLAIN, word_timestamps=words))


@pytest.mark.parametrize("beam", [None, 5])
def test_int8_writes_the_fixtures_text_with_our_kernels_and_without(
    checkpoint: Path, speak: Callable[..., Path], tmp_path: Path, beam: int | None
) -> None:
    """The files are decoded side by side, and with beams hypotheses move from row to row."""
    paths = [
        sound_file(tmp_path / f"{number}.wav", heard(speak(phrase)))
        for number, phrase in enumerate(KNOWN)
    ]
    options = DecodingOptions(temperature=(0.0,), beam_size=beam, word_timestamps=True)

    def texts(engine: BatchedEngine) -> list[str]:
        ends, _ = run(engine, inbox_of(paths, options))
        found = [ends[str(number)] for number in range(len(paths))]
        return [one.text.strip() for one in found if isinstance(one, Transcript)]

    assert texts(loaded(checkpoint, compute_type="int8")) == list(KNOWN)
    with without_kernels():
        assert texts(loaded(checkpoint, compute_type="int8")) == list(KNOWN)


class Lines(Progress):
    """What is told while a model is loaded."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.mark.parametrize("compute_type", ["int8", "float32"])
def test_one_line_says_what_computes_and_why_not_our_kernels(
    checkpoint: Path, compute_type: ComputeType
) -> None:
    options = LoadOptions(model_dir=Path("/nowhere"), compute_type=compute_type, threads=1)
    told = Lines()
    with without_kernels():
        BatchedEngine().load(str(checkpoint), "cpu", options, told)
    (line,) = told.lines
    assert line.startswith("speech on the CPU by torch's operations alone: ")
    assert line.endswith("libkernels.so was not built, for want of a C compiler")


# Without words: where attention is noise, rounding decides on which way through it is cheapest.
@pytest.mark.parametrize("name", ["plain", "no timestamps", "prompt carried"])
@pytest.mark.parametrize("vocabulary", [51_865, ENGLISH])
def test_a_model_that_says_anything(
    name: str, vocabulary: int, speech: Samples, tmp_path: Path
) -> None:
    """A random network's text is nonsense, and must be the same nonsense."""
    model = random_model(seed=len(name) + vocabulary, vocabulary=vocabulary)
    pair = Pair(engine=loaded(saved(model, tmp_path / "random.pt")), model=model)
    path = sound_file(tmp_path / "short.wav", speech[: 3 * SAMPLE_RATE])
    options = dataclasses.replace(CASES[name], no_speech_threshold=None, language="en")
    assert assert_equal(pair, path, options).segments
