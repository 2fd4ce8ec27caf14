import pytest
import torch
from kernel_ways import needs_kernels, without_kernels
from random_whisper import dimensions_of, random_whisper

from alternator.speech.batched.network import Network
from alternator.speech.batched.packed_sound import PackedSound
from alternator.speech.batched.silence import Sound
from alternator.speech.batched.sound_cache import PlainSound, SoundCache, sound_caches

START = [1958, 1959, 1999]
WIDE = dimensions_of(state=128, heads=2, layers=2, n_audio_ctx=200, n_vocab=2001)
NARROW = dimensions_of(state=64, heads=2, layers=2, n_audio_ctx=200, n_vocab=2001)


def network(dimensions=WIDE, compute_type="int8") -> Network:
    _, checkpoint = random_whisper(dimensions)
    return Network.load(checkpoint, device="cpu", compute_type=compute_type)


def caches(of: Network) -> list[SoundCache]:
    return sound_caches(of._decoder, 2, 150)


@needs_kernels
def test_int8_is_packed_where_the_kernels_are_and_heads_fit():
    assert [type(cache) for cache in caches(network())] == [PackedSound] * 2
    assert [type(cache) for cache in caches(network(NARROW))] == [PlainSound] * 2
    assert [type(cache) for cache in caches(network(WIDE, "float32"))] == [PlainSound] * 2
    with without_kernels():
        assert [type(cache) for cache in caches(network())] == [PlainSound] * 2


@needs_kernels
@pytest.mark.parametrize("rows", [1, 5])
@torch.inference_mode()
def test_a_lane_hears_the_same_with_and_without_the_kernels(rows):
    """Windows of different length, one with weights of silence; one is moved; words' times."""
    logits, scores = [], []
    lanes = [network().lane(3, rows, attention=True)]
    with without_kernels():
        lanes.append(network().lane(3, rows, attention=True))
    generator = torch.Generator().manual_seed(1)
    states = torch.randn(3, 200, 128, generator=generator)
    weights = torch.zeros(90)
    weights[60:] = 2.0
    sounds = [
        Sound(states=states[0]),
        Sound(states=states[1][:90], weights=weights),
        Sound(states=states[2][:64]),
    ]
    tokens = torch.randint(0, 1900, (12, 3, rows), generator=generator)
    for lane in lanes:
        lane.admit([0, 1, 2], sounds, [START] * 3)
        seen = [lane.step(step) for step in tokens[:8]]
        lane.release(0)
        lane.move(2, 0)
        seen += [lane.step(step[:2])[:2] for step in tokens[8:]]
        logits.append(torch.cat(seen))
        scores.append(lane.attention(1, 0, 6))
    error = (logits[0] - logits[1]).norm() / logits[1].norm()
    assert error < 0.03
    assert (scores[0] - scores[1]).norm() / scores[1].norm() < 0.03
