"""What the documents say of hardware is made from the data, and checked."""

import shutil
from pathlib import Path

import pytest

from probe.exit_codes import ExitCode
from probe.machine.this_machine import Platform
from probe.recordings.matrix import Row, replay
from probe.recordings.recording import Evidence, Recording
from probe.tables.builds import load_table
from tools import hardware_docs
from tools.hardware_docs import evidence_text, fill, main


def row(evidence: Evidence) -> Row:
    recording = Recording(platform=Platform(system="linux", arch="x86_64"), evidence=evidence)
    return Row(name="x", recording=recording, report=replay(recording, load_table()))


def test_the_committed_documents_are_current() -> None:
    assert main(["--check"]) == 0


def test_a_document_that_is_not_current_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(hardware_docs.ROOT / "docs" / "hardware", tmp_path / "docs" / "hardware")
    shutil.copy(hardware_docs.ROOT / "docs" / "hardware.md", tmp_path / "docs")
    document = tmp_path / "README.md"
    new = (hardware_docs.ROOT / "README.md").read_text("utf-8")
    old = new.replace("<!-- evidence -->", "<!-- evidence -->at another time, ")
    document.write_text(old, "utf-8")
    monkeypatch.setattr(hardware_docs, "ROOT", tmp_path)
    assert main(["--check"]) == ExitCode.STALE
    assert capsys.readouterr().err == "README.md is not current: python -m tools.hardware_docs\n"
    assert document.read_text("utf-8") == old != new
    assert main([]) == 0
    assert document.read_text("utf-8") == new


def test_the_counts_are_of_the_data() -> None:
    rows = [row("recorded"), row("written"), row("written")]
    said = evidence_text(rows, "head\none\ntwo\n")
    assert said.startswith("of the 3 machines in tests/machines, 1 is recorded: ")
    assert "; 0 are quoted: " in said
    assert "; 2 are written: by hand, " in said
    assert "tests/corpus has 2 outputs" in said


def test_a_part_goes_between_its_marks_and_nowhere_else(tmp_path: Path) -> None:
    document = tmp_path / "x.md"
    document.write_text("a <!-- n -->old<!-- /n --> b")
    assert fill(document, {"n": "new"}) == "a <!-- n -->new<!-- /n --> b"
    with pytest.raises(SystemExit, match=r"x\.md: no place for other"):
        fill(document, {"other": ""})
