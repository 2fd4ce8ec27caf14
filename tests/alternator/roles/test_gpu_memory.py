"""What GPUs of several kinds say of their memory."""

from pathlib import Path

import pytest

from alternator.roles.gpu_memory import FRESH_SECONDS, MIB, GpuMemory, of_amd, of_nvidia


def smi(folder: Path, says: str, code: int = 0) -> None:
    program = folder / "nvidia-smi"
    counted = f"echo x >> {folder}/asked"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{says}\nEND\n{counted}\nexit {code}\n")
    program.chmod(0o755)


def card(drm: Path, name: str, used: str, total: str) -> None:
    device = drm / name / "device"
    device.mkdir(parents=True)
    (device / "mem_info_vram_used").write_text(used)
    (device / "mem_info_vram_total").write_text(total)


def test_nvidia_smi_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    smi(tmp_path, "WARNING: infoROM is corrupted\n0, 1024, 81559\n1, [N/A], [N/A]")
    assert [(one.name, one.used, one.total) for one in of_nvidia()] == [
        ("nvidia-0", 1024 * MIB, 81559 * MIB)
    ]


def test_no_nvidia_smi_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert of_nvidia() == []
    smi(tmp_path, "No devices were found", code=6)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert of_nvidia() == []


def test_amdgpu_is_read(tmp_path: Path):
    card(tmp_path, "card0", "536870912\n", "17163091968\n")
    card(tmp_path, "card1-DP-1", "1", "2")
    (tmp_path / "card2" / "device").mkdir(parents=True)  # no card of AMD's
    assert [(one.name, one.used, one.total) for one in of_amd(tmp_path)] == [
        ("amd-card0", 536870912, 17163091968)
    ]


def test_an_answer_is_kept_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    smi(tmp_path, "0, 1, 2")
    now = 0.0
    memory = GpuMemory(tmp_path / "drm", lambda: now)
    memory.read()
    memory.read()
    assert (tmp_path / "asked").read_text() == "x\n"
    now = FRESH_SECONDS + 1
    assert memory.read()
    assert (tmp_path / "asked").read_text() == "x\nx\n"
