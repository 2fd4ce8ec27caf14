"""The table of variables that choose GPUs, as ``docs/hardware.md`` shows it."""

from typing import get_args

from probe.tables.visibility import SOURCES, TABLE, Case, Row

# What a column's value is, for those that do not stand for themselves.
WORDS: dict[Case, str] = {
    "-1": "`-1`",
    "all": "`all`",
    "none": "`none`",
    "void": "`void`",
    "cut uuid": "UUID cut short",
    "uuid": "UUID",
    "mig uuid": "`MIG-<uuid>`",
    "mig path": "`MIG-GPU-<uuid>/1/0`",
    "twice": "named twice",
    "blanks": "blanks around a name",
    "nothing between commas": "`0,,1`",
    "quotes": "quotes as part of it",
}


def visibility_text() -> str:
    """A row for each value, a column for each variable and its reader, a number for each source."""
    numbers = {key: number for number, key in enumerate(SOURCES, 1)}
    heads = [f"`{_name(row)}`, {row.reader}" for row in TABLE]
    lines = [f"| value | {' | '.join(heads)} |", "|---" * (len(TABLE) + 1) + "|"]
    for case in get_args(Case):
        cells = [_cell(row, case, numbers) for row in TABLE]
        lines.append(f"| {WORDS.get(case, case)} | {' | '.join(cells)} |")
    sources = [f"{number}. {SOURCES[key]}" for key, number in numbers.items()]
    return "\n".join([*lines, "", *sources]) + "\n"


def _name(row: Row) -> str:
    return f"{row.variable}*" if row.variable.endswith("_") else row.variable


def _cell(row: Row, case: Case, numbers: dict[str, int]) -> str:
    if case not in row.cells:
        return "–"
    effect, source = row.cells[case]
    return f"{effect} ({numbers[source]})"
