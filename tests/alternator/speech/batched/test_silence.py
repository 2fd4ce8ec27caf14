"""Silence behind a window, heard at few of its places."""

import math

import pytest
import torch
from random_whisper import dimensions_of, random_whisper
from torch.nn import functional

from alternator.speech.batched.network import Network
from alternator.speech.batched.silence import BLOCK, MARGIN, Sound, kept_of

FRAMES = 120
SMALL = dimensions_of(state=64, heads=2, layers=2, n_audio_ctx=300, n_vocab=2001)


@pytest.fixture(scope="module")
def nowhere() -> Network:
    """A network whose encoder does not know where in the window a place is: there all places with
    nothing but silence around them are alike, so that one can truly stand for others."""
    _, checkpoint = random_whisper(SMALL)
    checkpoint.weights["encoder.positional_embedding"].zero_()
    return Network.load(checkpoint, device="cpu", compute_type="float32")


@pytest.fixture(scope="module")
def mel() -> torch.Tensor:
    return torch.randn(80, FRAMES, generator=torch.Generator().manual_seed(3))


def whole_of(network: Network, mel: torch.Tensor) -> Sound:
    return Sound(states=network.encode(functional.pad(mel, (0, 600 - mel.shape[1]))[None])[0])


def test_each_place_of_a_window_is_stood_for_once():
    for frames in (2, 501, 1000, 2300, 2700):
        kept = kept_of(frames, 1500)
        assert kept is not None
        assert kept.whole == (frames + 1) // 2 + MARGIN
        assert sum(kept.weights.exp().tolist()) == pytest.approx(1500, abs=1e-2)
        assert kept.positions.tolist() == sorted(set(kept.positions.tolist()))
        assert kept.positions[-1] < 1500
        assert float(kept.weights.max()) == pytest.approx(math.log(BLOCK))


def test_where_nothing_is_left_out_the_window_is_whole(nowhere):
    assert kept_of(3000, 1500) is None
    assert kept_of(2 * (1500 - MARGIN), 1500) is None
    mel = torch.randn(80, 590)
    whole, short = whole_of(nowhere, mel), nowhere.encode_short(mel)
    assert short.weights is None
    torch.testing.assert_close(short.states, whole.states)


def test_a_place_stands_for_others_that_are_like_it(nowhere, mel):
    whole, short = whole_of(nowhere, mel), nowhere.encode_short(mel)
    kept = kept_of(FRAMES, 300)
    assert kept is not None
    assert short.weights is not None
    assert short.places == len(kept.positions) < 150
    torch.testing.assert_close(short.states, whole.states[kept.positions], atol=1e-4, rtol=1e-4)
    told = kept.weights
    torch.testing.assert_close(short.weights, told)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_decoder_hears_them_as_often_as_they_stand_there(nowhere, mel, rows):
    whole, short = whole_of(nowhere, mel), nowhere.encode_short(mel)
    other = whole_of(nowhere, torch.randn(80, 600))
    start = [1958, 1959, 1999]
    found = []
    for sound in (whole, short):
        lane = nowhere.lane(2, rows)
        hidden = lane.admit([1], [sound], [start])
        lane.admit([0], [other], [start])  # a longer one beside it
        steps = [lane.step(torch.full((2, rows), token)) for token in (3, 4, 5)]
        found.append((hidden, *steps))
    for right, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, right, atol=1e-4, rtol=1e-4)


def test_without_their_weights_the_result_is_another(nowhere, mel):
    whole, short = whole_of(nowhere, mel), nowhere.encode_short(mel)
    bare = Sound(states=short.states)
    logits = []
    for sound in (whole, bare):
        lane = nowhere.lane(1)
        lane.admit([0], [sound], [[1958, 1959, 1999]])
        logits.append(lane.step(torch.tensor([[3]])))
    assert float((logits[0] - logits[1]).abs().max()) > 1e-3
