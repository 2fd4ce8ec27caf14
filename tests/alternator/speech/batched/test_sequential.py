"""The sequential way gives what ``whisper.transcribe`` gives: every segment, token and time."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")

import whisper  # after importorskip
from plain_decoder import PlainDecoder, model_of, play
from sounds import heard, joined, silence
from whisper_models import ENGLISH, random_model

from alternator.media.audio import SAMPLE_RATE, Samples
from alternator.speech.batched.sequential import Recording, listen
from alternator.speech.engines.openai_whisper import whisper_arguments
from alternator.speech.engines.whisper_package import log_mel_spectrogram
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Segment, from_whisper

PLAIN = DecodingOptions(temperature=(0.0,), beam_size=None, condition_on_previous_text=True)


@pytest.fixture(scope="module")
def fixture(checkpoint: Path) -> PlainDecoder:
    return PlainDecoder(whisper.load_model(str(checkpoint), device="cpu"))


@pytest.fixture(scope="module")
def speech(speak: Callable[..., Path]) -> Samples:
    """75 s: phrases with pauses, so that windows end in the middle of things."""
    phrases = [
        "Captions help everyone understand.",
        "The red door is open.",
        "Wait for the green light.",
        "The blue car is fast.",
    ]
    spoken = [heard(speak(phrase)) for phrase in phrases]
    parts: list[Samples] = []
    for number in range(16):
        parts += [spoken[number % 4], silence(1.0 + number % 3)]
    return joined(*parts)[: 75 * SAMPLE_RATE]


def ours(
    decoder: PlainDecoder, samples: Samples, options: DecodingOptions
) -> tuple[tuple[Segment, ...], str]:
    n_mels = decoder.model.dims.n_mels
    mel = log_mel_spectrogram(samples, n_mels, padding=30 * SAMPLE_RATE)
    follows = options.condition_on_previous_text is not False
    listening = listen(Recording(owner="1", mel=mel), options, model_of(decoder), follows=follows)
    outcome, steps = play(listening, decoder)
    told = tuple(segment for step in steps for segment in step.segments)
    assert told == outcome.segments
    return outcome.segments, outcome.language


def theirs(
    decoder: PlainDecoder, samples: Samples, options: DecodingOptions
) -> tuple[tuple[Segment, ...], str]:
    arguments = whisper_arguments(options) | {"fp16": False}
    result = whisper.transcribe(decoder.model, samples, **arguments)
    transcript = from_whisper(result, len(samples) / SAMPLE_RATE)
    return transcript.segments, transcript.language


def assert_equal(decoder: PlainDecoder, samples: Samples, options: DecodingOptions) -> int:
    """The number of segments. All is the same, to the last bit."""
    (our_segments, language), (segments, detected) = (
        ours(decoder, samples, options),
        theirs(decoder, samples, options),
    )
    assert language == detected
    assert our_segments == segments
    return len(segments)


OPTIONS = {
    "plain": {},
    "not conditioned": {"condition_on_previous_text": False},
    "english": {"language": "en"},
    "beam": {"beam_size": 3, "language": "en"},
    "patience and penalty": {"beam_size": 2, "patience": 2.0, "length_penalty": 0.6},
    "no timestamps": {"without_timestamps": True},
    "prompt": {"initial_prompt": "The green light, the red door."},
    "prompt carried": {"initial_prompt": "The red door.", "carry_initial_prompt": True},
    "long prompt carried": {"initial_prompt": "the door " * 130, "carry_initial_prompt": True},
    "long prompt": {"initial_prompt": "the door " * 130},
    "prefix": {"prefix": "The"},
    "all tokens": {"suppress_tokens": ()},
    "clips": {"clip_timestamps": (3.0, 9.5, 31.0)},
    "clips backwards": {"clip_timestamps": (40.0, 50.0, 5.0, 20.0)},
    "clips across": {"clip_timestamps": (2.0, 45.0, 44.0, 60.0)},
    "silence by any": {"no_speech_threshold": 0.0, "logprob_threshold": 0.0},
    "silence by none": {"no_speech_threshold": None},
    "no log probability": {"logprob_threshold": None, "no_speech_threshold": 0.3},
    "german": {"language": "de"},
    "translate": {"task": "translate"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_fixture(name: str, fixture: PlainDecoder, speech: Samples) -> None:
    options = dataclasses.replace(PLAIN, **OPTIONS[name])
    segments = assert_equal(fixture, speech, options)
    assert segments or name == "silence by any"


@pytest.mark.parametrize("name", ["plain", "no timestamps", "prompt carried", "clips across"])
@pytest.mark.parametrize("vocabulary", [51_865, ENGLISH])
def test_a_model_that_says_anything(name: str, vocabulary: int, speech: Samples) -> None:
    decoder = PlainDecoder(random_model(seed=len(name), vocabulary=vocabulary))
    options = dataclasses.replace(PLAIN, no_speech_threshold=None, **OPTIONS[name])
    assert assert_equal(decoder, speech[: 40 * SAMPLE_RATE], options)
