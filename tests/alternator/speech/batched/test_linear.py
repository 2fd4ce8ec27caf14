import pytest
import torch
from torch.nn import functional

from alternator.speech.batched.linear import linear_layer


@pytest.mark.parametrize("shape", [(64,), (1, 64), (8, 1, 64), (4, 5, 64), (33, 64), (2, 100, 64)])
@pytest.mark.parametrize("biased", [True, False])
def test_few_rows_and_many_give_the_same_product(shape, biased):
    numbers = torch.Generator().manual_seed(0)
    weight = torch.randn(96, 64, generator=numbers)
    bias = torch.randn(96, generator=numbers) if biased else None
    x = torch.randn(shape, generator=numbers)
    found = linear_layer(weight, bias)(x)
    assert found.shape == (*shape[:-1], 96)
    torch.testing.assert_close(found, functional.linear(x, weight, bias), atol=1e-5, rtol=1e-5)
