"""The kernel against the attention of float64, and where it is taken."""

import pytest
import torch
from kernel_ways import kernels_in, needs_kernels, ways, without_kernels
from torch.nn import functional

from alternator.speech.batched.encoder_attention import (
    KernelAttention,
    PlainAttention,
    encoder_attention,
)
from alternator.speech.batched.kernel_library import Way
from alternator.speech.batched.kernels import MOST_POSITIONS

needs_vnni = pytest.mark.skipif(
    Way.VNNI not in ways(), reason="no library of kernels, or a processor without AVX512-VNNI"
)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def exact(qkv: torch.Tensor, heads: int, bias: torch.Tensor | None) -> torch.Tensor:
    n, positions, width = qkv.shape
    q, k, v = qkv.double().view(n, positions, 3, heads, -1).permute(2, 0, 3, 1, 4)
    mask = None if bias is None else bias.double()
    heard = functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    return heard.transpose(1, 2).reshape(n, positions, width // 3)


def error(found: torch.Tensor, expected: torch.Tensor) -> float:
    return float((found - expected).norm() / expected.norm())


def kernel(heads: int) -> KernelAttention:
    return KernelAttention(kernels_in(Way.VNNI), heads)


@needs_vnni
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("heads", [1, 3])
@pytest.mark.parametrize("positions", [1, 5, 6, 7, 63, 64, 65, 200, 1325, 1500, MOST_POSITIONS])
def test_it_hears_what_attention_hears(threads, heads, positions):
    qkv = numbers(1, positions, 3 * heads * 64)
    qkv[..., : 2 * heads * 64] *= 1.5  # attention that looks at few positions
    bias = numbers(1, 1, 1, positions, seed=1) if positions % 2 else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "get_num_threads", lambda: threads)
        found = kernel(heads)(qkv, bias)
    assert found.shape == (1, positions, heads * 64)
    assert error(found, exact(qkv, heads, bias)) < 0.02


@needs_vnni
def test_what_all_queries_and_keys_share_costs_nothing():
    """Whisper's queries and keys have numbers that are far from 0 at all positions."""
    qkv = numbers(1, 300, 3 * 64)
    plain = error(kernel(1)(qkv, None), exact(qkv, 1, None))
    qkv[..., 3], qkv[..., 64 + 3], qkv[..., 128 + 5] = 40.0, -30.0, 100.0
    expected = exact(qkv, 1, None)
    shifted = kernel(1)(qkv, None)
    expected[..., 5], shifted[..., 5] = expected[..., 5] - 100, shifted[..., 5] - 100
    assert error(shifted, expected) < 2 * plain


@needs_vnni
def test_equal_shares_of_all_positions_do_not_overflow():
    qkv = torch.zeros(1, 1500, 3 * 64)
    qkv[..., 128:] = 3.0
    qkv[:, 0, 128:] = -3.0
    expected = torch.full((1, 1500, 64), 3.0 * 1498 / 1500)
    torch.testing.assert_close(kernel(1)(qkv, None), expected, rtol=0, atol=1e-3)


@needs_vnni
def test_a_place_that_stands_for_many_counts_so_often():
    """silence.py leaves places out, and has their scores raised."""
    one = numbers(1, 40, 3 * 64)
    often = torch.cat([one, one[:, -1:].expand(1, 7, -1)], dim=1)
    bias = torch.zeros(1, 1, 1, 40)
    bias[..., -1] = torch.tensor(8.0).log()
    found, expected = kernel(1)(one, bias), kernel(1)(often, None)[:, :40]
    assert error(found, expected) < 0.02


@needs_vnni
def test_windows_are_heard_one_by_one():
    both = numbers(2, 130, 3 * 128)
    both[1] *= 3
    found = kernel(2)(both, None)
    for number in range(2):
        assert torch.equal(found[number], kernel(2)(both[number : number + 1], None)[0])


@needs_vnni
def test_more_positions_than_whisper_has_are_torchs():
    qkv = numbers(1, MOST_POSITIONS + 1, 3 * 64)
    assert torch.equal(kernel(1)(qkv, None), PlainAttention(1)(qkv, None))


@needs_kernels
def test_it_is_taken_in_int8_where_the_processor_can():
    fast = isinstance(encoder_attention(6, 64, int8=True), KernelAttention)
    assert fast == (Way.VNNI in ways())
    assert isinstance(encoder_attention(6, 64, int8=False), PlainAttention)
    assert isinstance(encoder_attention(6, 32, int8=True), PlainAttention)
    with without_kernels():
        assert isinstance(encoder_attention(6, 64, int8=True), PlainAttention)


@needs_kernels
@pytest.mark.parametrize("way", [way for way in ways() if way < Way.VNNI])
def test_a_processor_without_the_instructions_has_torchs(way):
    assert not KernelAttention.can(kernels_in(way), 64)
