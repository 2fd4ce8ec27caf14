"""The kernel against the product in float64, in all ways that this processor has."""

import pytest
import torch
from kernel_ways import kernels_in, needs_kernels, ways, without_kernels
from torch.nn import functional

from alternator.speech.batched.half_rows import KernelHalf
from alternator.speech.batched.kernel_library import Way
from alternator.speech.batched.linear import HalfStoredLinear, PackedLinear, PlainLinear, few_rows
from alternator.speech.batched.precision import Precision

FLOAT32 = Precision(dtype=torch.float32)
FAST = [way for way in ways() if way >= Way.AVX2]


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def halves(*shape: int) -> torch.Tensor:
    """Weights that half precision holds."""
    return (numbers(*shape) / 20).half().float()


@needs_kernels
@pytest.mark.parametrize("way", FAST)
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6, 7, 8, 9, 20])
@pytest.mark.parametrize("shape", [(1, 1), (31, 13), (32, 64), (33, 64), (1000, 384), (65, 2048)])
def test_the_product_is_that_of_float32(way, threads, rows, shape):
    outputs, inputs = shape
    weight, x = halves(outputs, inputs), numbers(rows, inputs, seed=1)
    bias = numbers(outputs, seed=2) if rows % 2 else None
    layer = KernelHalf(kernels_in(way), weight, bias)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "get_num_threads", lambda: threads)
        found = layer(x)
    expected = functional.linear(
        x.double(), weight.double(), None if bias is None else bias.double()
    )
    torch.testing.assert_close(found.double(), expected, atol=1e-5, rtol=1e-5)


@needs_kernels
@pytest.mark.parametrize("way", FAST)
def test_weights_of_all_sizes_are_taken_as_they_are(way):
    """Also those that half precision has with fewer digits, down to 2^-24, and its largest."""
    column = torch.tensor([65504.0, -65504.0, 2.0**-24, -(2.0**-24), 2.0**-14, 0.0, 1.0 / 3])
    weight = column.half().float()[:, None]
    found = KernelHalf(kernels_in(way), weight, None)(torch.ones(1, 1))
    assert torch.equal(found[0], weight[:, 0])


@needs_kernels
@pytest.mark.parametrize("way", FAST)
def test_gelu_is_that_of_the_error_function(way):
    weight, bias, x = halves(300, 64) * 4, numbers(300, seed=1) * 4, numbers(5, 64, seed=2)
    plain = KernelHalf(kernels_in(way), weight, bias)(x)
    found = KernelHalf(kernels_in(way), weight, bias, gelu=True)(x)
    torch.testing.assert_close(
        found.double(), functional.gelu(plain.double()), atol=2e-6, rtol=1e-5
    )


@needs_kernels
@pytest.mark.parametrize("way", FAST)
@pytest.mark.parametrize("rows", [9, 12])
def test_a_row_is_the_same_whatever_stands_beside_it(way, rows):
    weight, x = halves(256, 512), numbers(1, rows, 512, seed=1)
    layer = KernelHalf(kernels_in(way), weight, numbers(256, seed=2))
    found = layer(x)
    assert found.shape == (1, rows, 256)
    for row in range(rows):
        assert torch.equal(layer(x[0, row]), found[0, row])


@needs_kernels
def test_the_decoder_takes_it_for_weights_that_lose_nothing():
    exact, other = halves(64, 32), numbers(64, 32)
    assert isinstance(few_rows(exact, None, FLOAT32), KernelHalf) == bool(FAST)
    assert isinstance(few_rows(other, None, FLOAT32), PackedLinear | PlainLinear)
    with without_kernels():
        assert isinstance(
            few_rows(exact, None, FLOAT32), HalfStoredLinear | PackedLinear | PlainLinear
        )
