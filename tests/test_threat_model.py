"""Each line of docs/threat-model.md is held by tests; what is marked is named there."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PAGE = (CHECKOUT / "docs" / "threat-model.md").read_text(encoding="utf-8")
LINES = re.findall(r"(?m)^\| (T\d+) \|", PAGE)
HELD_BY = {
    line: re.findall(r"`([^`]+)`", tests)
    for line, tests in re.findall(
        r"(?ms)^- (T\d+): (.*?)(?=^- T\d|\Z)", PAGE.partition("## Held by")[2]
    )
}
NODES = [(line, node) for line, nodes in HELD_BY.items() for node in nodes]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def marks_of_tests(file: Path) -> dict[str, tuple[str, ...]]:
    """The tests of a file by what pytest calls them, with the lines that they are marked with."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    of_all = [
        line
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
        for line in marks(ast.unparse(node.value))
    ]
    return {
        "::".join(names): (*of_all, *marks(*map(ast.unparse, function.decorator_list)))
        for names, function in functions(tree)
        if names[-1].startswith("test_")
    }


def functions(tree: ast.AST, *names: str) -> Iterator[tuple[tuple[str, ...], Function]]:
    """Functions of a module and of its classes."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield from functions(node, *names, node.name)
        elif isinstance(node, Function):
            yield (*names, node.name), node


def marks(*texts: str) -> tuple[str, ...]:
    return tuple(
        line for text in texts for line in re.findall(r"mark\.threat\(['\"](\w+)['\"]\)", text)
    )


def test_lines_are_numbered_without_a_gap() -> None:
    assert [f"T{number}" for number in range(1, len(LINES) + 1)] == LINES


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_held_by_a_test(line: str) -> None:
    assert HELD_BY.get(line), "name its tests under 'Held by'"


def test_nothing_is_held_that_is_no_line() -> None:
    assert list(HELD_BY) == LINES


@pytest.mark.parametrize(("line", "node"), NODES, ids=[f"{line}-{node}" for line, node in NODES])
def test_a_test_that_is_named_is_there(line: str, node: str) -> None:
    name, _, test = node.partition("::")
    file = CHECKOUT / name
    assert file.is_file(), name
    assert test in marks_of_tests(file), f"{name} has no {test}"


def test_each_marked_test_is_named_in_its_line() -> None:
    marked = {
        (line, f"{file.relative_to(CHECKOUT)}::{test}")
        for file in (CHECKOUT / "tests").rglob("test_*.py")
        for test, lines in marks_of_tests(file).items()
        for line in lines
    }
    assert marked, "none is marked, so none was found"
    assert sorted(marked - set(NODES)) == []
