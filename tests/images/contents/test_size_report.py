"""The tree adds up, and a change of size is told by its package."""

from pathlib import Path

from sample_weights import weights

from images.catalog import Budget
from images.contents import size_report


def test_the_tree_whole() -> None:
    lines = size_report.tree(weights(), Budget(most=900_000_000, stretch=750_000_000))
    text = "\n".join(lines)
    assert text == Path(__file__).with_name("golden_size_tree.txt").read_text().rstrip("\n")


def test_too_large_is_said_in_the_first_line() -> None:
    line = size_report.tree(weights(), Budget(most=500_000_000))[0]
    assert line.endswith("0.86 GB of 0.50 GB: 360 MB too much")


def test_what_grew_came_and_went() -> None:
    old = {"packages/torch": 100_000_000, "packages/sympy": 27_000_000}
    new = {"packages/torch": 130_000_000, "packages/triton": 700_000_000}
    assert size_report.difference(old, new) == [
        "   +700.00 MB  packages/triton  (new)",
        "    +30.00 MB  packages/torch",
        "    -27.00 MB  packages/sympy  (gone)",
    ]
    assert size_report.difference(old, old) == []
