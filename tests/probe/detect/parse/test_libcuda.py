"""The answer of the child that asks libcuda; tests/probe/detect/test_libcuda_child.py runs it."""

import json

import pytest

from probe.detect.parse.libcuda import parse_libcuda
from probe.facts import CudaView, Sighting

DEVICE: dict[str, object] = {
    "uuid": "11111111-2222",
    "name": "NVIDIA RTX 4090",
    "bus": "0000:01:00.0",
    "capability": "8.9",
    "total": 25757220864,
    "free": 20 << 30,
}


def answer(**said: object) -> str:
    return json.dumps(said)


def test_a_device_with_all_that_is_told_of_it() -> None:
    assert parse_libcuda(answer(status=0, devices=[DEVICE])) == CudaView(
        status=0,
        devices=(
            Sighting(
                vendor="nvidia",
                uuid="GPU-11111111-2222",
                name="NVIDIA RTX 4090",
                bus="0000:01:00.0",
                compute_capability=(8, 9),
                vram_mib=24564,
                vram_free_mib=20480,
                kernel_driver="nvidia",
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "view"),
    [
        (
            answer(missing="libcuda.so.1: no such file"),
            CudaView(missing="libcuda.so.1: no such file"),
        ),
        (answer(status=100), CudaView(status=100)),
        (answer(status=0, devices=[]), CudaView(status=0)),
        # The library's own words may stand before and after the child's line.
        (f"warning\n{answer(status=803)}\nbye\n", CudaView(status=803)),
        (answer(status=0, devices=[{"name": "no uuid"}, 7]), CudaView(status=0)),
        ("", None),
        ("[]\n7\n", None),
        ("{", None),
        ("[" * 100_000, None),
        (answer(status="0"), None),
        (answer(devices=[DEVICE]), None),
    ],
)
def test_what_libcuda_said(text: str, view: CudaView | None) -> None:
    assert parse_libcuda(text) == view


@pytest.mark.parametrize("size", [0, -1, 1 << 60, "24", None, True])
def test_a_size_that_can_not_be_meant_is_not_known(size: object) -> None:
    view = parse_libcuda(answer(status=0, devices=[{**DEVICE, "total": size}]))
    assert view is not None
    (device,) = view.devices
    assert (device.vram_mib, device.vram_free_mib) == (None, 20480)
