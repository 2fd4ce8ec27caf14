import pytest
import torch

from alternator.speech.batched.precision import choose_precision


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_what_was_asked_for_is_taken(name):
    found = choose_precision(name, torch.device("cpu"))
    assert found.dtype == getattr(torch, name)
    assert not found.int8
