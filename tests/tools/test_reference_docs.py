"""The reference is made from the tables, and the committed one is current."""

import re

from probe.exit_codes import ExitCode
from probe.finding import KINDS
from probe.findings.trace import MEANINGS
from tools import reference_docs


def test_every_code_is_in_it_once():
    text = reference_docs.render()
    codes = re.findall(r"^\| `([a-z0-9-]+)` \|", text, re.MULTILINE)
    assert sorted(codes) == sorted({*KINDS, *MEANINGS})
    for code in ExitCode:
        assert f"| {int(code)} | {code.name} | {code.meaning} |" in text


def test_every_row_has_its_cells():
    for row in reference_docs.render().splitlines():
        if row.startswith("| `"):
            assert len(re.findall(r"(?<!\\)\|", row)) in (3, 5)


def test_the_committed_reference_is_current(tmp_path, monkeypatch, capsys):
    assert reference_docs.main(["--check"]) == 0
    monkeypatch.setattr(reference_docs, "DOCUMENT", tmp_path / "reference.md")
    assert reference_docs.main(["--check"]) == 1
    assert "python -m tools.reference_docs" in capsys.readouterr().err
    assert reference_docs.main([]) == 0
    assert reference_docs.main(["--check"]) == 0
