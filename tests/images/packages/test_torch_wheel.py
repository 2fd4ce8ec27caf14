"""Which build a torch wheel is, read from the wheel itself."""

from pathlib import Path

import pytest
from package_index import make_torch_wheel, make_wheel

from images.errors import WheelhouseError
from images.packages import torch_wheel


def test_reads_what_a_wheel_is(tmp_path: Path) -> None:
    found = torch_wheel.read(make_torch_wheel(tmp_path, "2.13.0+rocm7.2", hip="7.2.1"))
    assert found == torch_wheel.TorchWheel(version="2.13.0+rocm7.2", cuda=None, hip="7.2.1")


def test_a_damaged_wheel_is_named(tmp_path: Path) -> None:
    wheel = tmp_path / "torch-2.13.0-py3-none-any.whl"
    wheel.write_bytes(b"not a zip")
    with pytest.raises(WheelhouseError, match=wheel.name):
        torch_wheel.read(wheel)


def test_another_package_is_no_torch(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "alpha", "1.0")
    with pytest.raises(WheelhouseError, match="no readable torch wheel"):
        torch_wheel.read(wheel)
