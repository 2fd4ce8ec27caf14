"""The image's user and the container's limits are told in files that can't import them."""

import re
from pathlib import Path

import pytest
import yaml

from compose.stack import DEFAULT_PROJECT
from probe.report.snippet_settings import (
    MEMORY_LIMIT,
    MODELS_VOLUME,
    PIDS_LIMIT,
    STATE_VOLUME,
    STOP_S,
    TMP,
    USER,
)

ROOT = Path(__file__).parents[3]
FILES = [*ROOT.glob("compose/*.yaml"), *ROOT.glob("images/*/Dockerfile")]
# The database is another user's.
FILES.remove(ROOT / "images/postgres/Dockerfile")
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
    ],
)
def test_the_limits_of_the_stack(key: str, value: str) -> None:
    text = (ROOT / "compose" / "compose.yaml").read_text("utf-8")
    assert re.findall(rf"^ +{key}: (.+)$", text, re.MULTILINE) == [value]


def test_the_size_of_tmp_is_the_stacks() -> None:
    text = (ROOT / "compose" / "compose.yaml").read_text("utf-8")
    assert re.findall(r"^ +- (/tmp.*)$", text, re.MULTILINE) == [TMP]


def test_the_names_of_the_volumes_are_those_that_compose_makes() -> None:
    volumes = yaml.safe_load((ROOT / "compose" / "compose.yaml").read_text("utf-8"))["volumes"]
    made = {f"{DEFAULT_PROJECT}_{name}" for name in volumes}
    assert {STATE_VOLUME, MODELS_VOLUME} <= made
