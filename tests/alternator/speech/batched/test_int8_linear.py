from collections.abc import Iterator

import pytest
import torch
from kernel_ways import without_kernels
from torch.nn import functional

from alternator.speech.batched import int8_linear
from alternator.speech.batched.int8_linear import (
    AfterGeluInt8,
    FewRowsInt8,
    ManyRowsInt8,
    quantized,
)
from alternator.speech.batched.linear import after_gelu, few_rows, many_rows
from alternator.speech.batched.precision import Precision

INT8 = Precision(dtype=torch.float32, int8=True)


@pytest.fixture(autouse=True)
def torch_computes() -> Iterator[None]:
    """What torch's operations do; our own kernel is tested in test_int8_rows.py."""
    with without_kernels():
        yield


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def worst(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The error's share of the result, root mean square."""
    return float((found - expected).pow(2).mean().sqrt() / expected.pow(2).mean().sqrt())


def test_each_output_has_a_scale_of_its_own():
    weight = numbers(4, 64) * torch.tensor([1e-3, 1.0, 50.0, 0.0])[:, None]
    values, scales = quantized(weight)
    assert values.abs().amax(1).tolist() == [127, 127, 127, 0]
    torch.testing.assert_close(values * scales[:, None], weight, rtol=0, atol=50 * 5 / 254)
    # Half a step of its own scale at most, also of the smallest.
    assert ((values * scales[:, None] - weight).abs() <= scales[:, None] * 0.51).all()


@pytest.mark.parametrize("make", [few_rows, many_rows])
@pytest.mark.parametrize("seven_bits", [True, False])
@pytest.mark.parametrize("gelu", [True, False])
@pytest.mark.parametrize("shape", [(512,), (1, 512), (8, 1, 512), (1, 150, 512)])
def test_the_error_is_that_of_eight_bits(monkeypatch, make, seven_bits, gelu, shape):
    monkeypatch.setattr(int8_linear, "whole_range", lambda: not seven_bits)
    weight, bias, x = numbers(256, 512) / 20, numbers(256, seed=1), numbers(*shape, seed=2) + 0.3
    expected = functional.linear(x, weight, bias)
    expected = functional.gelu(expected) if gelu else expected
    found = make(weight, bias, INT8, gelu=gelu)(x)
    assert found.shape == expected.shape
    assert worst(found, expected) < (0.03 if seven_bits else 0.02)


@pytest.mark.parametrize("layer", [FewRowsInt8, ManyRowsInt8])
@pytest.mark.parametrize("number", [0.0, 3.0, -3.0, 1e-30])
def test_inputs_that_are_all_one_number_keep_it(layer, number):
    weight, x = numbers(64, 32), torch.full((2, 32), number)
    expected = functional.linear(x, weight)
    torch.testing.assert_close(layer(weight, None)(x), expected, atol=0.2, rtol=0.05)


def test_a_row_may_stand_alone():
    """As the one from which the probability of no speech is taken."""
    layer, x = FewRowsInt8(numbers(64, 32), numbers(64, seed=1)), numbers(32, seed=2)
    assert torch.equal(layer(x), layer(x[None])[0])


def test_where_onednn_lacks_the_product_the_other_layer_serves(monkeypatch):
    monkeypatch.setattr(ManyRowsInt8, "can", staticmethod(lambda: False))
    assert isinstance(many_rows(numbers(64, 32), None, INT8), FewRowsInt8)


@pytest.mark.parametrize("many", [True, False])
def test_a_row_a_thousand_times_as_large_leaves_the_others_what_they_are(many):
    weight, bias = numbers(256, 512) / 20, numbers(256, seed=1)
    x = numbers(1, 40, 512, seed=2)
    x[:, 7] *= 1000
    x = functional.gelu(x)
    expected = functional.linear(x, weight, bias)
    layer = after_gelu(weight, bias, INT8, many=many)
    assert isinstance(layer, AfterGeluInt8)
    found = layer(x.clone())
    others = [row for row in range(40) if row != 7]
    assert worst(found[:, others], expected[:, others]) < 0.02
    assert worst(found[:, 7], expected[:, 7]) < 0.02
    # What it is there for: with one scale nothing is left of them.
    without = (many_rows if many else few_rows)(weight, bias, INT8)(x)
    assert worst(without[:, others], expected[:, others]) > 0.3


def test_a_row_of_nothing_is_the_bias():
    weight, bias = numbers(64, 32), numbers(64, seed=1)
    found = after_gelu(weight, bias, INT8, many=True)(torch.zeros(1, 3, 32))
    torch.testing.assert_close(found, bias.expand(1, 3, -1))
