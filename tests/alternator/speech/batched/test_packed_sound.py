"""The kernel against float64 on its own whole numbers, in all ways that this processor has."""

import pytest
import torch
from kernel_ways import kernels_in, needs_kernels, ways
from torch.nn import functional

from alternator.speech.batched.packed_sound import TILE, PackedSound

pytestmark = needs_kernels


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def sound_of(positions: int, heads: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """As a layer gives them: (1, heads, positions, head), views of one product."""
    both = numbers(1, positions, 2, heads, TILE, seed=seed) * 2 + numbers(2, heads, TILE, seed=99)
    k, v = both.permute(2, 0, 3, 1, 4)
    return k, v


def kept(cache: PackedSound, place: int, sound: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The keys and values of a place as they are kept, (heads, positions, head), float64."""
    scales, offsets, value_scales, value_offsets = cache._ranges[place, :, :, None].double()
    keys = cache._keys[place].transpose(2, 3).flatten(1, 2)[:, :sound].double()
    values = cache._values[place].flatten(1, 2)[:, :sound].double()
    return keys * scales + offsets, values * value_scales + value_offsets


@pytest.mark.parametrize("way", ways())
@pytest.mark.parametrize("positions", [1, 2, 63, 64, 65, 300])
def test_what_is_kept_is_within_half_a_step(way, positions):
    cache = PackedSound(kernels_in(way), windows=2, heads=2, positions=positions)
    both = sound_of(positions, 2, 5)
    cache.put([1], *both)
    for found, given in zip(kept(cache, 1, positions), both, strict=True):
        step = (given.amax(2, keepdim=True) - given.amin(2, keepdim=True)) / 254
        assert ((found - given[0]).abs() <= 0.502 * step[0] + 1e-6).all()
    torch.testing.assert_close(
        cache.keys(1, positions).double(), kept(cache, 1, positions)[0], atol=1e-6, rtol=1e-6
    )


@pytest.mark.parametrize("way", ways())
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6, 7, 8, 11])
@pytest.mark.parametrize("positions", [1, 63, 64, 65, 300, 1500])
def test_queries_hear_what_float64_hears(monkeypatch, way, threads, rows, positions):
    heads, short = 3, max(1, positions // 3)
    cache = PackedSound(kernels_in(way), windows=3, heads=heads, positions=positions)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    # A place that had a longer window; and one beside it of less sound.
    cache.put([1, 0], *(torch.cat([one] * 2) for one in sound_of(positions, heads, 7)))
    cache.put([0], *sound_of(positions, heads, 1))
    cache.put([1], *sound_of(short, heads, 2))
    q = numbers(2, rows, heads, TILE, seed=3).transpose(1, 2)
    bias = numbers(3, 1, 1, positions + 5, seed=4)[..., :positions]
    found = cache.listen(q, positions, bias[:2])
    without = cache.listen(q, positions, None)
    for place, sound in enumerate((positions, short)):
        k64, v64 = kept(cache, place, sound)
        for heard, added in ((found, bias[place, 0, :, :sound]), (without, None)):
            expected = functional.scaled_dot_product_attention(
                q[place].double(), k64, v64, attn_mask=None if added is None else added.double()
            )
            torch.testing.assert_close(heard[place].double(), expected, atol=3e-5, rtol=1e-4)


@pytest.mark.parametrize("way", ways())
def test_one_window_and_head_is_less_than_there_are_threads(monkeypatch, way):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    cache = PackedSound(kernels_in(way), windows=1, heads=1, positions=100)
    cache.put([0], *sound_of(100, 1, 1))
    q = numbers(1, 1, 1, TILE, seed=2)
    expected = functional.scaled_dot_product_attention(q[0].double(), *kept(cache, 0, 100))
    torch.testing.assert_close(cache.listen(q, 100, None)[0].double(), expected, atol=3e-5, rtol=0)


@pytest.mark.parametrize("way", ways())
def test_scores_of_any_size_and_numbers_that_are_all_one(way):
    """A head of one position alone takes all; what does not vary keeps its value."""
    cache = PackedSound(kernels_in(way), windows=1, heads=2, positions=200)
    k, v = (one.clone() for one in sound_of(200, 2, 1))
    v[..., 3] = 5.0
    k[..., 9] = -1e6
    v[..., 4] = 0.0
    cache.put([0], k * 30, v)
    heard = cache.listen(numbers(1, 2, 4, TILE, seed=2) * 30, 200, None)
    assert heard.isfinite().all()
    torch.testing.assert_close(heard[..., 3], torch.full((1, 2, 4), 5.0))
    torch.testing.assert_close(heard[..., 4], torch.zeros(1, 2, 4))
    assert heard.amax() <= v.amax() + 1e-3 and heard.amin() >= v.amin() - 1e-3


def test_the_error_is_that_of_eight_bits():
    cache = PackedSound(kernels_in(ways()[-1]), windows=1, heads=2, positions=700)
    k, v = sound_of(700, 2, 1)
    cache.put([0], k, v)
    q = numbers(1, 2, 5, TILE, seed=2)
    expected = functional.scaled_dot_product_attention(q, k, v)
    found = cache.listen(q, 700, None)
    assert (found - expected).norm() / expected.norm() < 0.015


def test_a_window_goes_on_in_another_place():
    cache = PackedSound(kernels_in(ways()[-1]), windows=2, heads=2, positions=130)
    cache.put([0], *sound_of(130, 2, 5))
    cache.put([1], *sound_of(70, 2, 6))
    q = numbers(2, 2, 1, TILE, seed=2)
    before, keys = cache.listen(q, 130, None)[1], cache.keys(1, 70)
    cache.move(1, 0, 70)
    torch.testing.assert_close(cache.listen(q[1:], 70, None)[0], before, atol=0, rtol=0)
    assert torch.equal(cache.keys(0, 70), keys)


def test_a_place_without_a_window_is_computed_and_says_nothing():
    cache = PackedSound(kernels_in(ways()[-1]), windows=2, heads=2, positions=130)
    assert cache.listen(numbers(2, 2, 1, TILE), 1, None).eq(0).all()


@pytest.mark.parametrize(
    ("place", "positions", "heads"), [(0, 129, 2), (0, 0, 2), (2, 100, 2), (-1, 100, 2), (0, 9, 3)]
)
def test_what_there_is_no_room_for_is_refused(place, positions, heads):
    cache = PackedSound(kernels_in(ways()[-1]), windows=2, heads=2, positions=100)
    with pytest.raises(ValueError, match="no room for keys"):
        cache.put([place], *sound_of(positions, heads, 1))
