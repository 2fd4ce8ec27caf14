import pytest
import torch

from alternator.errors import ModelError
from alternator.speech.batched import int8_engine
from alternator.speech.batched.int8_engine import int8_pays, use_engine, whole_range


@pytest.mark.parametrize(
    ("supported", "engine", "pays"),
    [
        (["qnnpack", "onednn", "x86", "fbgemm"], "x86", True),
        (["qnnpack", "fbgemm"], "fbgemm", True),
        (["qnnpack", "onednn"], "onednn", False),  # aarch64: not measured, so float32
        (["none"], None, False),
    ],
)
def test_the_engine_is_the_best_there_is(monkeypatch, supported, engine, pays):
    monkeypatch.setattr(type(torch.backends.quantized), "supported_engines", supported)
    assert int8_engine.int8_engine() == engine
    assert int8_pays() == pays


def test_without_an_engine_float32_is_what_to_set(monkeypatch):
    monkeypatch.setattr(type(torch.backends.quantized), "supported_engines", ["none"])
    with pytest.raises(ModelError, match=r"no int8 products .* compute_type to float32"):
        use_engine()


def test_inputs_take_seven_bits_where_nobody_says_that_eight_are_safe(monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: True)
    assert whole_range()
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: False)
    assert not whole_range()
    monkeypatch.delattr(torch.cpu, "_is_vnni_supported")
    assert not whole_range()
