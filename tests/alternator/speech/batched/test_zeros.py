"""Buffers that take memory as they are written to."""

import re
from pathlib import Path

import torch

from alternator.speech.batched.zeros import zeros


def resident() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"RssAnon:\s+(\d+)", status)
    assert found
    return int(found[1]) * 1024


def test_only_what_is_written_to_takes_memory():
    before = resident()
    found = zeros((4, 64, 1024, 256), torch.zeros(1))  # 256 MB
    assert resident() < before + 20_000_000
    found[1] = 1
    assert before + 60_000_000 < resident() < before + 90_000_000
    assert int(found.sum(dtype=torch.int64)) == 64 * 1024 * 256
    del found
    assert resident() < before + 20_000_000


def test_they_have_the_type_that_was_asked_for():
    found = zeros((2, 3), torch.zeros(1, dtype=torch.bfloat16))
    assert (found.dtype, found.shape, float(found.abs().sum())) == (torch.bfloat16, (2, 3), 0.0)
    assert zeros((2, 0), torch.zeros(1)).shape == (2, 0)
