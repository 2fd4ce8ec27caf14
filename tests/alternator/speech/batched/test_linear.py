from collections.abc import Iterator

import pytest
import torch
from kernel_ways import without_kernels
from torch.nn import functional

from alternator.speech.batched.int8_engine import has_fbgemm
from alternator.speech.batched.linear import (
    HalfStoredLinear,
    PackedLinear,
    few_rows,
    many_rows,
)
from alternator.speech.batched.precision import Precision

FLOAT32 = Precision(dtype=torch.float32)
SHAPES = [(64,), (1, 64), (8, 1, 64), (4, 5, 64), (33, 64), (2, 100, 64)]


@pytest.fixture(autouse=True)
def torch_computes() -> Iterator[None]:
    """What torch's operations do; our own kernel is tested in test_half_rows.py."""
    with without_kernels():
        yield


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("make", [few_rows, many_rows])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("gelu", [True, False])
def test_a_layer_is_torchs_layer_whatever_the_rows(make, shape, biased, gelu):
    weight, x = numbers(96, 64), numbers(*shape, seed=1)
    bias = numbers(96, seed=2) if biased else None
    expected = functional.linear(x, weight, bias)
    expected = functional.gelu(expected) if gelu else expected
    found = make(weight, bias, FLOAT32, gelu=gelu)(x)
    assert found.shape == expected.shape
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)


def test_the_encoders_product_is_torchs_bit_for_bit():
    weight, bias, x = numbers(256, 192), numbers(256, seed=1), numbers(1, 300, 192, seed=2)
    assert torch.equal(many_rows(weight, bias, FLOAT32)(x), functional.linear(x, weight, bias))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_takes_the_plain_layer(dtype):
    weight, x = numbers(96, 64).to(dtype), numbers(3, 64).to(dtype)
    assert not PackedLinear.can(weight)
    found = few_rows(weight, None, Precision(dtype=dtype))(x)
    assert torch.equal(found, functional.linear(x, weight))


@pytest.mark.skipif(not has_fbgemm(), reason="no FBGEMM in this torch or for this processor")
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize("gelu", [True, False])
def test_weights_that_half_precision_holds_are_kept_so_and_give_the_same(shape, biased, gelu):
    weight, x = numbers(96, 64).half().float(), numbers(*shape, seed=1)
    bias = numbers(96, seed=2) if biased else None
    layer = few_rows(weight, bias, FLOAT32, gelu=gelu)
    assert isinstance(layer, HalfStoredLinear)
    expected = functional.linear(x, weight, bias)
    expected = functional.gelu(expected) if gelu else expected
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("wrong", [1 + 2**-12, 1e6, 1e-9])
def test_a_single_weight_that_half_precision_loses_takes_the_other_layer(wrong):
    weight = numbers(96, 64).half().float()
    weight[3, 5] = wrong
    assert not isinstance(few_rows(weight, None, FLOAT32), HalfStoredLinear)
