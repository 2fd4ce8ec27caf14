"""The table of machines, and where a choice is not the one that was expected."""

from pathlib import Path

import pytest

from probe.errors import ProbeError
from probe.recordings.matrix import MACHINES, Row, differences, load_matrix, matrix_text, replay
from probe.recordings.recording import Expected
from probe.recordings.recording_file import read_recording
from probe.tables.builds import load_table


def test_a_wrong_expectation_is_told():
    report = replay(read_recording(MACHINES / "nothing.json"), load_table())
    wrong = Expected(backend="cuda", states=["dead"], advice_codes=["amd-untried"])
    assert differences(wrong, report) == [
        "backend is 'cpu', not 'cuda'",
        "states is [], not ['dead']",
        "advice_codes is [], not ['amd-untried']",
    ]


def test_a_file_of_before_advice_had_codes_expects_parts_of_sentences():
    report = replay(read_recording(MACHINES / "riscv.json"), load_table())
    old = Expected(advice=("torch has no build for riscv64", "buy a GPU"))
    assert differences(old, report) == ["no advice 'buy a GPU'"]


def test_findings_and_words_that_must_and_must_not_be_there():
    """A GPU's code, an advice's, one behind an advice; a remedy's words."""
    report = replay(read_recording(MACHINES / "hgx-fabric-manager-stopped.json"), load_table())
    right = Expected(
        findings=("cuda-system-not-ready",),
        not_findings=("nvidia-gpu-lost",),
        says=("nvidia-fabricmanager",),
        says_not=("modprobe",),
    )
    assert differences(right, report) == []
    wrong = Expected(
        findings=("nvidia-gpu-lost",),
        not_findings=("cuda-system-not-ready",),
        says=("modprobe",),
        says_not=("nvidia-fabricmanager",),
    )
    assert differences(wrong, report) == [
        "no advice 'modprobe'",
        "advice 'nvidia-fabricmanager'",
        "no finding nvidia-gpu-lost",
        "finding cuda-system-not-ready",
    ]


def test_a_finding_behind_another_is_found():
    report = replay(read_recording(MACHINES / "gtx-770-on-nouveau.json"), load_table())
    assert report["advice_codes"] == ["nvidia-other-driver"]
    report["advice_causes"] = [["driver-too-old"]]
    assert differences(Expected(findings=("driver-too-old",)), report) == []
    assert differences(Expected(not_findings=("driver-too-old",)), report) == [
        "finding driver-too-old"
    ]


def test_what_is_not_expected_is_not_judged():
    report = replay(read_recording(MACHINES / "nothing.json"), load_table())
    assert differences(Expected(), report) == []


def test_a_row_says_choice_evidence_and_what_is_wrong():
    recording = read_recording(MACHINES / "h200-driver-580.json")
    report = replay(recording, load_table())
    row = Row(name="h200", recording=recording, report=report)
    assert matrix_text([row]).splitlines()[2] == (
        "| H200 in a container of a virtual machine, driver 580 | cuda cu130 | 2.13.0 | 1 of 1 "
        "| recorded |"
    )
    recording.expected = Expected(wheel="cu126")
    assert "cuda cu130 **wrong: wheel is 'cu130', not 'cu126'** |" in matrix_text([row])


def test_a_folder_without_machines_is_an_error(tmp_path: Path):
    with pytest.raises(ProbeError, match=r"no machines in .*: run this in a checkout"):
        load_matrix(tmp_path)
