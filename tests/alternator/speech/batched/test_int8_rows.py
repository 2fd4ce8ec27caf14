"""The kernel against whole numbers: its sums are exact, in all ways that this processor has."""

import pytest
import torch
from kernel_ways import kernels_in, needs_kernels, ways, without_kernels
from torch.nn import functional

from alternator.speech.batched.int8_linear import AfterGeluInt8, FewRowsInt8, quantized
from alternator.speech.batched.int8_rows import KernelInt8
from alternator.speech.batched.kernel_library import Way
from alternator.speech.batched.linear import after_gelu, few_rows
from alternator.speech.batched.precision import Precision

INT8 = Precision(dtype=torch.float32, int8=True)


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def exact(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    """The product of the same whole numbers, in float64."""
    values, scales = quantized(weight)
    row_scales = x.abs().amax(-1, keepdim=True) / 127
    whole = (x * (1 / row_scales)).round().double()
    product = whole @ values.double().T * scales.double() * row_scales.double()
    return product if bias is None else product + bias.double()


@needs_kernels
@pytest.mark.parametrize("way", ways())
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 6, 7, 8, 9, 20])
@pytest.mark.parametrize("shape", [(1, 4), (31, 12), (32, 64), (33, 64), (1000, 384), (65, 2048)])
def test_the_sums_are_exact(way, threads, rows, shape):
    outputs, inputs = shape
    weight, x = numbers(outputs, inputs) / 20, numbers(rows, inputs, seed=1)
    bias = numbers(outputs, seed=2) if rows % 2 else None
    layer = KernelInt8(kernels_in(way), weight, bias)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "get_num_threads", lambda: threads)
        found = layer(x)
    torch.testing.assert_close(found.double(), exact(x, weight, bias), atol=1e-5, rtol=1e-5)


@needs_kernels
@pytest.mark.parametrize("way", ways())
@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_numbers_do_not_overflow(way, sign):
    """Which is what sums of 16 bits do, where they are used without care."""
    weight, x = torch.full((40, 5120), 2.0), torch.full((3, 5120), 7.0 * sign)
    found = KernelInt8(kernels_in(way), weight, None)(x)
    torch.testing.assert_close(found, functional.linear(x, weight), rtol=1e-5, atol=0)


@needs_kernels
@pytest.mark.parametrize("way", ways())
def test_gelu_is_that_of_the_error_function(way):
    weight, bias, x = numbers(300, 64) / 4, numbers(300, seed=1) * 4, numbers(5, 64, seed=2)
    plain = KernelInt8(kernels_in(way), weight, bias)(x)
    found = KernelInt8(kernels_in(way), weight, bias, gelu=True)(x)
    expected = functional.gelu(plain.double())
    torch.testing.assert_close(found.double(), expected, atol=2e-6, rtol=1e-5)


@needs_kernels
@pytest.mark.parametrize("way", ways())
def test_a_row_is_the_same_whatever_stands_beside_it(way):
    weight, x = numbers(256, 512), numbers(1, 12, 512, seed=1)
    x[:, 3] *= 1000
    x[:, 4] = 0
    layer = KernelInt8(kernels_in(way), weight, numbers(256, seed=2))
    found = layer(x)
    assert found.shape == (1, 12, 256)
    for row in range(12):
        assert torch.equal(layer(x[0, row]), found[0, row])


@needs_kernels
@pytest.mark.parametrize("shape", [(512,), (1, 512), (8, 1, 512), (1, 40, 512)])
@pytest.mark.parametrize("gelu", [True, False])
def test_the_error_is_that_of_eight_bits(shape, gelu):
    weight, bias, x = numbers(256, 512) / 20, numbers(256, seed=1), numbers(*shape, seed=2) + 0.3
    expected = functional.linear(x, weight, bias)
    expected = functional.gelu(expected) if gelu else expected
    found = few_rows(weight, bias, INT8, gelu=gelu)(x)
    assert found.shape == expected.shape
    error = (found - expected).pow(2).mean().sqrt() / expected.pow(2).mean().sqrt()
    assert error < 0.02


@needs_kernels
def test_the_decoder_takes_it_where_the_processor_has_a_fast_way():
    weight = numbers(64, 32)
    fast = kernels_in(ways()[-1]).way >= Way.AVX2
    assert isinstance(few_rows(weight, None, INT8), KernelInt8) == fast
    assert isinstance(after_gelu(weight, None, INT8, many=False), KernelInt8) == fast
    assert isinstance(after_gelu(weight, None, INT8, many=True), AfterGeluInt8)
    assert isinstance(few_rows(numbers(64, 30), None, INT8), FewRowsInt8)


def test_without_the_library_torch_does_it():
    with without_kernels():
        assert isinstance(few_rows(numbers(64, 32), None, INT8), FewRowsInt8)
        assert isinstance(after_gelu(numbers(64, 32), None, INT8, many=False), AfterGeluInt8)
