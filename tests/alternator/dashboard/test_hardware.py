import json
import sys
from pathlib import Path

import pytest
from waiting import wait_for

from alternator.dashboard.hardware import Hardware, Seen, seen_in

REPORT = {
    "selection": {"backend": "cuda", "torch": "2.13.0", "wheel": "cu130"},
    "gpus": [
        {"name": "NVIDIA <H200>", "state": "proven", "memory_mib": 143771, "driver": "580.1"},
        {"state": "dead", "why": "it fell off the bus"},
    ],
    "advice": ["update the driver", 7],
}


def looked(hardware: Hardware) -> Seen | None:
    hardware.seen()
    wait_for(lambda: not hardware.is_looking, 60, "the look")
    return hardware.seen()


def test_the_entrypoints_report_is_read(tmp_path: Path):
    (tmp_path / "probe.json").write_text(json.dumps(REPORT))
    seen = looked(Hardware(tmp_path, ["/nowhere"]))
    assert seen is not None
    assert (seen.backend, seen.torch, seen.advice) == (
        "cuda",
        "2.13.0 cu130",
        ("update the driver",),
    )
    assert [(gpu.name, gpu.state, gpu.memory, gpu.why) for gpu in seen.gpus] == [
        ("NVIDIA <H200>", "proven", 143771, ""),
        ("GPU without a name", "dead", None, "it fell off the bus"),
    ]


def test_where_there_is_none_the_probe_is_run(tmp_path: Path):
    seen = looked(Hardware(tmp_path))
    assert seen is not None and seen.backend in ("cpu", "cuda", "rocm", "mps")


@pytest.mark.parametrize("program", ["import sys; sys.exit(3)", "print('no report')"])
def test_a_probe_that_fails_is_no_fault_of_the_page(tmp_path: Path, program: str):
    (tmp_path / "probe.json").write_bytes(b"\xff")
    assert looked(Hardware(tmp_path, [sys.executable, "-c", program])) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"selection": 7}', "[" * 100_000])
def test_what_is_no_report_is_none(text: str):
    assert seen_in(text) is None
