"""Generated files are written where they are stale, and only named with --check."""

from pathlib import Path

import pytest

from tools.write_or_check import write_or_check


def test_stale_files_are_named_then_written_and_current_ones_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    current, old, missing = (tmp_path / name for name in ("current", "old", "missing"))
    current.write_text("one", encoding="utf-8")
    old.write_text("before", encoding="utf-8")
    documents = {current: "one", old: "two", missing: "three"}
    assert not write_or_check(documents, "python -m x", ["--check"], root=tmp_path)
    assert capsys.readouterr().err == (
        "old is not current: python -m x\nmissing is not current: python -m x\n"
    )
    assert old.read_text(encoding="utf-8") == "before" and not missing.exists()
    written_at = current.stat().st_mtime_ns
    assert write_or_check(documents, "python -m x", [], root=tmp_path)
    assert (old.read_text(encoding="utf-8"), missing.read_text(encoding="utf-8")) == (
        "two",
        "three",
    )
    assert current.stat().st_mtime_ns == written_at
    assert write_or_check(documents, "python -m x", ["--check"], root=tmp_path)
