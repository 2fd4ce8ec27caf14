from pathlib import Path

import pytest
import torch
import whisper
from random_whisper import dimensions_of, random_whisper

from alternator.models.checkpoint import read_checkpoint
from alternator.speech.batched.network import Network

FIXTURE = Path(__file__).parents[4] / "sandbox" / "whisper" / "fixture.pt"


def test_the_fixture_hears_what_openai_whisper_hears():
    model = whisper.load_model(str(FIXTURE), device="cpu")
    network = Network.load(read_checkpoint(FIXTURE), device="cpu", compute_type="float32")
    mel = torch.randn(2, 80, 3000, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = model.encoder(mel)
    torch.testing.assert_close(network.encode(mel), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("mels", [80, 128])
def test_any_number_of_mels_is_taken(mels):
    dimensions = dimensions_of(state=128, heads=2, layers=3, n_mels=mels, n_audio_ctx=100)
    model, checkpoint = random_whisper(dimensions)
    network = Network.load(checkpoint, device="cpu", compute_type="float32")
    mel = torch.randn(3, mels, 200)
    with torch.no_grad():
        expected = model.encoder(mel)
    torch.testing.assert_close(network.encode(mel), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("frames", [2, 3, 100, 199])
def test_less_sound_takes_fewer_positions(frames):
    dimensions = dimensions_of(state=64, heads=2, layers=2, n_audio_ctx=100)
    model, checkpoint = random_whisper(dimensions)
    network = Network.load(checkpoint, device="cpu", compute_type="float32")
    mel = torch.randn(1, 80, frames)
    positions = (frames + 1) // 2
    # openai-whisper's encoder insists on the whole length: its table of positions is cut.
    model.encoder.positional_embedding = model.encoder.positional_embedding[:positions]
    with torch.no_grad():
        expected = model.encoder(mel)
    torch.testing.assert_close(network.encode(mel), expected, atol=1e-4, rtol=1e-4)


def test_the_alignment_heads_are_the_checkpoints_or_those_of_the_upper_half():
    _, checkpoint = random_whisper(dimensions_of(state=64, heads=2, layers=3, n_audio_ctx=10))
    network = Network.load(checkpoint, device="cpu", compute_type="float32")
    assert network.alignment_heads == ((1, 0), (1, 1), (2, 0), (2, 1))
