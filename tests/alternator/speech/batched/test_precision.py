import pytest
import torch

from alternator.errors import ModelError
from alternator.speech.batched import precision
from alternator.speech.batched.precision import Precision, choose_precision


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16"])
def test_what_was_asked_for_is_taken(name):
    found = choose_precision(name, torch.device("cpu"))
    assert found.dtype == getattr(torch, name)
    assert not found.int8


def test_a_cpu_takes_int8_where_it_pays_by_itself(monkeypatch):
    cpu = torch.device("cpu")
    for pays in (True, False):
        monkeypatch.setattr(precision, "int8_pays", lambda found=pays: found)
        assert choose_precision("auto", cpu) == Precision(dtype=torch.float32, int8=pays)


@pytest.mark.parametrize(
    ("build", "capability", "dtype"),
    [
        (None, (6, 1), torch.float32),  # Pascal: half precision is a sixty-fourth of single
        (None, (7, 0), torch.float16),
        (None, (9, 0), torch.float16),
        ("7.2", (6, 0), torch.float16),  # AMD counts by other numbers
    ],
)
def test_a_gpu_takes_half_precision_but_where_it_is_slow(monkeypatch, build, capability, dtype):
    monkeypatch.setattr(torch.version, "hip", build)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert choose_precision("auto", torch.device("cuda", 0)) == Precision(dtype=dtype)


def test_apples_gpus_take_half_precision():
    assert choose_precision("auto", torch.device("mps")).dtype == torch.float16


def test_int8_on_a_gpu_is_refused():
    with pytest.raises(ModelError, match="int8 is for the CPU, and the device is cuda:1"):
        choose_precision("int8", torch.device("cuda", 1))
