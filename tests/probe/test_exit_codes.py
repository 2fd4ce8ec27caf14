"""Exit codes are part of the contract: one number, one meaning, whichever command ends."""

import importlib
import re

import pytest

from probe.errors import UserError
from probe.exit_codes import ExitCode
from tools.rooms import CHECKOUT, load_rooms, modules, package_of

SOURCES = {name: (CHECKOUT / path).read_text("utf-8") for name, path in modules().items()}

# What scripts around our commands compare with: a number is never given another meaning.
NUMBERS = {
    "FAILED": 1,
    "USAGE": 2,
    "NO_GPU": 3,
    "SERVER": 4,
    "MODEL": 5,
    "WORKER": 6,
    "MEDIA": 7,
    "VISION": 8,
    "DECODER": 9,
    "STATE": 10,
    "STALE": 11,
    "ENGINE": 12,
    "PACKAGES": 13,
    "BUILD": 14,
    "SITE": 15,
    "BUDGET": 16,
    "TRANSFER": 17,
    "UNHEALTHY": 18,
    "DEMO": 19,
    "HAND_OVER": 20,
    "INSTALL": 21,
    "HASH": 22,
    "LOCK": 23,
    "INDEX": 24,
    "LEFT_OUT": 25,
    "INTERNAL": 70,
    "NO_COMMAND": 127,
    "INTERRUPTED": 130,
    "BROKEN_PIPE": 141,
}


@pytest.fixture(scope="module")
def errors() -> set[type[UserError]]:
    """Every class of errors that reach a person, in all packages."""
    for name, source in SOURCES.items():
        if re.search(r"^class \w+Error\(", source, re.MULTILINE):
            importlib.import_module(name)
    found = {UserError}
    while further := {child for error in found for child in error.__subclasses__()} - found:
        found |= further
    # Tests that ran before this one may have made classes of their own.
    return {error for error in found if package_of(error.__module__) in load_rooms().packages}


def test_no_number_has_changed() -> None:
    assert {code.name: code.value for code in ExitCode} == NUMBERS


@pytest.mark.parametrize("code", ExitCode)
def test_a_code_says_what_it_means(code: ExitCode) -> None:
    assert re.fullmatch(r"\S.*[^.\s]", code.meaning), "half a sentence, for a table"
    assert [other for other in ExitCode if other.meaning == code.meaning] == [code]


def test_an_error_ends_with_a_code_of_the_table(errors: set[type[UserError]]) -> None:
    """A plain number would have no meaning beside it."""
    assert [error for error in errors if not isinstance(error.exit_code, ExitCode)] == []


def test_every_package_has_its_errors_under_the_one_root(errors: set[type[UserError]]) -> None:
    """But the sandbox's, which are answers to a client."""
    packages = {package_of(error.__module__) for error in errors}
    assert packages == load_rooms().packages.keys() - {"sandbox"}


def test_every_code_is_used() -> None:
    used = set(re.findall(r"ExitCode\.([A-Z_]+)", "\n".join(SOURCES.values())))
    assert set(NUMBERS) - used == set()
