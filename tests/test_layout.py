"""Where tests stand, and how large modules and functions may grow.

A module ``package/room/name.py`` is tested by ``tests/package/room/test_name.py``. A part of a
whole that is tested as a whole stands in tests/tested_by.toml with the file that tests it.
"""

import ast
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tools.rooms import CHECKOUT, modules

TESTS = CHECKOUT / "tests"
# Folders of tests that belong to no single module.
ACROSS = {
    "integration": "several packages in real containers",
    "machines": "every recorded machine through the whole probe",
    "images/cpu": "the built image from all sides",
    "images/cuda": "likewise",
    "images/universal": "likewise",
    "bench": "the benches are no package",
    "deploy": "unit files and manifests, by systemd's, Podman's and Kubernetes' own tools",
    "faults/cluster": "a whole cluster, of which one part after the other fails",
    "support": "what tests share",
    "real": "real weights and human speech, and how they are fetched",
}
TESTED_BY: dict[str, list[str]] = tomllib.loads((TESTS / "tested_by.toml").read_text("utf-8"))
WHOLE = '"""The whole '  # how a test of a room as a whole begins
MOST_LINES = 250  # of a module
MOST_FUNCTION_LINES = 50
MOST_PARAMETERS = 5  # without self and cls
REASON = "# size: "  # beside a def or in a module's first lines: why it is larger


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def mirrored_files() -> list[Path]:
    """All test files that should mirror a module, from tests/ on."""
    found = [file.relative_to(TESTS) for file in TESTS.rglob("test_*.py")]
    return sorted(
        path
        for path in found
        if len(path.parts) > 1 and not any(path.is_relative_to(folder) for folder in ACROSS)
    )


@pytest.mark.parametrize("path", mirrored_files(), ids=str)
def test_a_test_file_mirrors_a_module_or_a_room(path: Path) -> None:
    """``tests/x/test_y.py`` is of ``x/y.py``, of the package ``x/y/``, or of ``x`` as a whole."""
    module = CHECKOUT / path.parent / path.stem.removeprefix("test_")
    if not module.with_suffix(".py").exists() and not (module / "__init__.py").exists():
        first = (TESTS / path).read_text(encoding="utf-8").partition("\n")[0]
        assert first.startswith(WHOLE), f"no module {module.name} in {path.parent}"


def test_no_test_file_is_passed_over(pytestconfig: pytest.Config) -> None:
    """pytest's own list of folders that it does not look into has ``build``, a room of ours."""
    passed_over = pytestconfig.getini("norecursedirs")
    folders = {part for file in TESTS.rglob("test_*.py") for part in file.relative_to(TESTS).parts}
    assert [f for f in sorted(folders) if any(fnmatch(f, name) for name in passed_over)] == []


def with_functions() -> list[Path]:
    """Our modules that hold functions, and so something to test."""
    return sorted(
        path
        for path in modules().values()
        if any(functions(ast.parse((CHECKOUT / path).read_text(encoding="utf-8"))))
    )


@pytest.mark.parametrize("path", with_functions(), ids=str)
def test_a_module_is_tested_where_it_should_be(path: Path) -> None:
    own = TESTS / path.parent / f"test_{path.name}"
    elsewhere = TESTED_BY.get(str(path), [])
    assert own.exists() != bool(elsewhere), f"one of: {own}, a line in tests/tested_by.toml"
    assert [file for file in elsewhere if not (TESTS / file).exists()] == []


def test_the_table_names_modules_that_are_there() -> None:
    assert set(TESTED_BY) <= {str(path) for path in with_functions()}


@pytest.mark.parametrize("name", sorted(modules()))
def test_sizes(name: str) -> None:
    path = CHECKOUT / modules()[name]
    if fnmatch(str(modules()[name]), "probe/tables/generated.py"):
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    too_large = []
    if len(lines) > MOST_LINES and not any(REASON in line for line in lines[:30]):
        too_large.append(f"{len(lines)} lines")
    for function in functions(ast.parse("\n".join(lines))):
        length = (function.end_lineno or 0) - function.lineno + 1
        arguments = function.args
        named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        count = len([argument for argument in named if argument.arg not in ("self", "cls")])
        head = lines[function.lineno - 2 : function.body[0].lineno]
        if REASON not in "\n".join(head):
            if length > MOST_FUNCTION_LINES:
                too_large.append(f"{function.name}: {length} lines")
            if count > MOST_PARAMETERS:
                too_large.append(f"{function.name}: {count} parameters")
    assert not too_large, f"{path}: split it, or say why with '{REASON}'"
