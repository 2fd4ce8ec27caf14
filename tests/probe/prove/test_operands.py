"""The same numbers on every device, in its precision."""

import pytest

from probe.prove.operands import Operands

torch = pytest.importorskip("torch", reason="torch is not installed here")


def test_each_bench_gives_the_same_numbers() -> None:
    one, other = (Operands(torch, "cpu", half=half) for half in (False, True))
    assert torch.equal(one.full(3, 4), other.full(3, 4))
    single, half = one.floats(3, 4), other.floats(3, 4)
    assert single.dtype == torch.float32 and half.dtype == torch.float16
    assert torch.equal(single.half(), half)
    assert one.whole(1, 5).tolist() == [1, 5]
