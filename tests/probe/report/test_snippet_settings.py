"""The image's user and the container's limits are told in files that can't import them."""

import re
from pathlib import Path

import pytest

from probe.report.snippet_settings import MEMORY_LIMIT, PIDS_LIMIT, STOP_S, TMP, USER

ROOT = Path(__file__).parents[3]
FILES = [*ROOT.glob("compose/*.yaml"), *ROOT.glob("images/*/Dockerfile")]
NUMBERS = re.compile(r"(?:USER |_(?:USER|GID):-)(\d+)(?::(\d+))?")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_the_number_of_the_user(file):
    found = [number for match in NUMBERS.findall(file.read_text("utf-8")) for number in match]
    assert {number for number in found if number} <= {str(USER)}


def test_there_are_files_that_say_it():
    saying = [file for file in FILES if str(USER) in file.read_text("utf-8")]
    assert {"compose.yaml", "Dockerfile"} <= {file.name for file in saying}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pids_limit", str(PIDS_LIMIT)),
        ("mem_limit", f"${{ALTERNATOR_MEMORY_LIMIT:-{MEMORY_LIMIT}g}}"),
        ("stop_grace_period", f"{STOP_S}s"),
        ("- /tmp", TMP.removeprefix("/tmp:")),
    ],
)
def test_the_limits_of_the_stack(key: str, value: str) -> None:
    text = (ROOT / "compose" / "compose.yaml").read_text("utf-8")
    assert re.findall(rf"^ +{key}: ?(.+)$", text, re.MULTILINE) == [value]
