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

from alternator.media.audio import SAMPLE_RATE, Samples
from alternator.speech.batched.sequential import Recording, clips, listen
from alternator.speech.engines.openai_whisper import whisper_arguments
from alternator.speech.engines.whisper_package import log_mel_spectrogram
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Segment
from alternator.speech.whisper_dictionary import from_whisper

PLAIN = DecodingOptions(temperature=(0.0,), beam_size=None, condition_on_previous_text=True)


@pytest.fixture(scope="module")
def fixture(checkpoint: Path) -> PlainDecoder:
    return PlainDecoder(whisper.load_model(str(checkpoint), device="cpu"))


@pytest.fixture(scope="module")
def speech(speak: Callable[..., Path]) -> Samples:
    """20 s of phrases with pauses."""
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
    return joined(*parts)[: 20 * SAMPLE_RATE]


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
    return tuple(map(without_confidence, told)), outcome.language


def without_confidence(segment: Segment) -> Segment:
    words = segment.words
    if words is not None:
        words = tuple(dataclasses.replace(word, confidence=None) for word in words)
    return dataclasses.replace(segment, words=words, confidence=None)


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
    "plain": PLAIN,
    "clips across": dataclasses.replace(PLAIN, clip_timestamps=(2.0, 15.0, 14.0, 18.0)),
    "words, silence skipped": dataclasses.replace(
        PLAIN, word_timestamps=True, hallucination_silence_threshold=0.5
    ),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_the_loop_is_whisper_transcribe(name: str, fixture: PlainDecoder, speech: Samples) -> None:
    """With openai-whisper's own decoder all is the same, to the last bit."""
    assert assert_equal(fixture, speech, OPTIONS[name])


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ((), [(0, 900)]),
        ((0.0,), [(0, 900)]),
        ((1.0, 2.5, 4.0), [(100, 250), (400, 900)]),
        ((100.0,), [(900, 900)]),
        ((8.0, 100.0), [(800, 900)]),
        ((5.0, 2.0), [(500, 200)]),
    ],
)
def test_clips_end_with_the_sound(points: tuple[float, ...], found: list[tuple[int, int]]) -> None:
    assert clips(points, 900) == found
