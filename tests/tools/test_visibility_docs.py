"""The table of variables, as people read it."""

from typing import get_args

from probe.tables.visibility import SOURCES, TABLE, Case
from tools.visibility_docs import visibility_text


def test_a_row_for_each_value_and_a_column_for_each_reader() -> None:
    table, _, sources = visibility_text().partition("\n\n")
    head, line, *rows = table.splitlines()
    assert len(rows) == len(get_args(Case))
    assert {row.count("|") for row in (head, line, *rows)} == {len(TABLE) + 2}
    assert sources.splitlines() == [
        f"{number}. {address}" for number, address in enumerate(SOURCES.values(), 1)
    ]


def test_a_cell_has_the_number_of_its_source() -> None:
    (row,) = [line for line in visibility_text().splitlines() if line.startswith("| empty")]
    cells = [cell.strip() for cell in row.split("|")[2:-1]]
    assert cells[0] == "hides all (1)"
    assert cells[1].startswith("is unset (")
    assert "–" in cells
