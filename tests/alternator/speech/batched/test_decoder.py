"""The decoder against openai-whisper: whatever else is decoded beside a window, its result is that
of ``whisper.decode`` with the window alone."""

import itertools
from pathlib import Path

import pytest
import torch
import whisper
from decoding_like_whisper import assert_like_whisper, decode_all, tokenizers_of
from whisper.model import Whisper

from alternator.models.checkpoint import read_checkpoint
from alternator.speech.batched.decoder import Decoder
from alternator.speech.batched.network import Network
from alternator.speech.batched.window import Search, Window

PHRASES = [
    ("en-us", "Good morning, everyone."),
    ("de", "Das Wetter ist heute sehr schön."),
    ("fr", "Où est la gare?"),
    ("en-us", "The black house is expensive. Hello world."),
]
SEARCHES = {
    "greedy": Search(),
    "greedy, no timestamps": Search(without_timestamps=True),
    "two beams": Search(beam_size=2),
    "one beam": Search(beam_size=1),
    "five beams": Search(beam_size=5),
    "five beams, attention": Search(beam_size=5, wants_attention=True),
    "greedy, attention": Search(wants_attention=True),
    "patient": Search(beam_size=3, patience=2.0),
    "impatient": Search(beam_size=5, patience=0.4),
    "length penalty": Search(beam_size=5, length_penalty=0.6),
    "beams, no timestamps": Search(beam_size=5, without_timestamps=True),
    "nothing suppressed": Search(suppress_tokens=()),
    "a word suppressed": Search(suppress_tokens=(-1, 383, 2425)),
    "any first timestamp": Search(max_initial_timestamp=None, beam_size=2),
    "early first timestamp": Search(max_initial_timestamp=0.2),
    "cut short": Search(sample_len=4),
    "beams cut short": Search(sample_len=4, beam_size=5),
    "sampled": Search(temperatures=(0.5,), logprob_threshold=None),
    "best of three": Search(temperatures=(0.8,), best_of=3),
    "best of five by length": Search(temperatures=(1.0,), best_of=5, length_penalty=0.3),
    "all the way up": Search(
        temperatures=(0.0, 0.2, 0.4, 0.6), beam_size=5, best_of=5, logprob_threshold=0.0
    ),
    "greedy, then samples": Search(temperatures=(0.0, 0.3, 0.9), logprob_threshold=-0.02),
    "too repetitive": Search(temperatures=(0.0, 0.5), compression_ratio_threshold=0.5, best_of=2),
    "silence is no reason": Search(
        temperatures=(0.0, 0.5), logprob_threshold=0.0, no_speech_threshold=0.0
    ),
}
ORDER = list(SEARCHES)


@pytest.fixture(scope="module")
def fixture_whisper(checkpoint: Path) -> Whisper:
    return whisper.load_model(str(checkpoint), device="cpu")


@pytest.fixture(scope="module")
def network(checkpoint: Path) -> Network:
    return Network.load(read_checkpoint(checkpoint), device="cpu", compute_type="float32")


@pytest.fixture(scope="module")
def mels(speak) -> list[torch.Tensor]:
    """Spectrograms of PHRASES, as long as they are."""
    found = []
    for voice, text in PHRASES:
        samples = whisper.load_audio(str(speak(text, voice)))
        frames = len(samples) // 160
        found.append(whisper.log_mel_spectrogram(whisper.pad_or_trim(samples))[:, :frames])
    return found


def decoder_of(network: Network, batch_size: int, **others) -> Decoder:
    return Decoder(network, tokenizers_of(network.dimensions), batch_size=batch_size, **others)


def window(mel: torch.Tensor, search: Search = Search(), **others) -> Window:
    return Window(**({"owner": "one", "mel": mel, "search": search, "language": None} | others))


def test_windows_of_all_kinds_in_one_batch_are_decoded_as_each_alone(
    fixture_whisper, network, mels
):
    languages = itertools.cycle([None, "en", "de", None, "fr"])
    tasks = itertools.cycle(["transcribe", "transcribe", "translate"])
    windows = [
        window(mels[at % len(mels)], SEARCHES[name], language=language, task=task, owner=name)
        for (at, name), language, task in zip(enumerate(SEARCHES), languages, tasks, strict=False)
    ]
    found = decode_all(decoder_of(network, 3), windows, later=8)
    for one, result in zip(windows, found, strict=True):
        assert_like_whisper(result, fixture_whisper, one)


@pytest.mark.parametrize("name", SEARCHES)
def test_every_search_of_every_phrase_is_openai_whispers(fixture_whisper, network, mels, name):
    windows = [window(mel, SEARCHES[name], language="en") for mel in mels]
    found = decode_all(decoder_of(network, 2), windows)
    for one, result in zip(windows, found, strict=True):
        assert_like_whisper(result, fixture_whisper, one)
