"""The page is made from the tests' tables, and the committed one is current."""

import re

import pytest
from fault_table import load

from tools import reliability_docs


def test_every_answer_and_every_step_is_in_it():
    text = reliability_docs.render()
    steps, faults = load()
    for title in [*(step.title for step in steps), *(fault.title for fault in faults)]:
        assert title in text


def test_every_row_has_its_cells():
    rows = [line for line in reliability_docs.render().splitlines() if line.startswith("| ")]
    tables = {len(re.findall(r"\|", row)) for row in rows}
    assert len(tables) == 2  # rules and steps, and the answers


def test_a_table_that_is_no_more_is_missed(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("OTHER = {}\nNUMBER = 1\n")
    with pytest.raises(SystemExit, match=r"module.py has no ACTS"):
        list(reliability_docs.literals(module, "ACTS"))
    with pytest.raises(SystemExit, match="NUMBER is no table of words"):
        list(reliability_docs.literals(module, "NUMBER"))


def test_the_committed_page_is_current(tmp_path, monkeypatch, capsys):
    assert reliability_docs.main(["--check"]) == 0
    monkeypatch.setattr(reliability_docs, "DOCUMENT", tmp_path / "reliability.md")
    assert reliability_docs.main(["--check"]) == 1
    assert "python -m tools.reliability_docs" in capsys.readouterr().err
    assert reliability_docs.main([]) == 0
    assert reliability_docs.main(["--check"]) == 0
