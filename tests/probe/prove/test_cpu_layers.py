"""The CPU's own layers give what the plain one gives, or stand back for it."""

import pytest

from probe.prove.cpu_layers import int8_encoder, int8_linear, packed_linear
from probe.prove.engine_operations import CPU_LAYERS, TOLERANCE, error_of, linear
from probe.prove.operands import Operands

torch = pytest.importorskip("torch", reason="torch is not installed here")


@pytest.mark.parametrize("name", CPU_LAYERS)
def test_layers_of_the_cpu_are_near_the_plain_one(name: str) -> None:
    assert error_of(torch, CPU_LAYERS[name], "cpu", half=False) <= TOLERANCE


@pytest.mark.parametrize("layer", [int8_linear, int8_encoder])
def test_int8_is_really_computed_in(layer) -> None:
    with torch.inference_mode():
        plain, found = (made(Operands(torch, "cpu", half=False)) for made in (linear, layer))
    assert not torch.equal(plain, found)


def test_without_libraries_the_plain_layer_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    with torch.inference_mode():
        plain = linear(Operands(torch, "cpu", half=False))
        for layer in (packed_linear, int8_encoder):
            assert torch.equal(layer(Operands(torch, "cpu", half=False)), plain)
