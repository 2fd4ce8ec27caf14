"""The likeliest tokens, against torch's own functions."""

import pytest
import torch

from alternator.speech.batched.top_tokens import largest, top


@pytest.mark.parametrize("vocabulary", [7, 300, 1024, 51865])
@pytest.mark.parametrize("k", [1, 3, 6])
def test_the_largest_are_torchs(vocabulary, k):
    values = torch.randn(3, 2, vocabulary)
    values[0, 0, : vocabulary // 2] = -torch.inf
    right = values.topk(k, dim=-1)
    found, indices = top(values, k)
    assert torch.equal(found, right.values)
    assert torch.equal(indices, right.indices)
    assert torch.equal(largest(values), right.indices[..., 0])


def test_of_equal_values_the_first_is_the_largest():
    assert largest(torch.tensor([[0.0, 2.0, 2.0, 1.0]])).tolist() == [1]


def test_fewer_than_are_asked_for_can_be_chosen():
    values = torch.full((1, 51865), -torch.inf)
    values[0, 50257], values[0, 51864] = 1.0, 2.0
    found, indices = top(values, 6)
    assert indices[0, :2].tolist() == [51864, 50257]
    assert found[0, 2:].tolist() == [-torch.inf] * 4
    assert len(set(indices[0].tolist())) == 6
