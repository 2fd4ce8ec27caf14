"""A usual run takes a part of the large tables, and says which; nothing else is left out."""

import re
import subprocess
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILE = "tests/faults/test_kill.py"


def pytest_says(*options: str) -> str:
    command = [sys.executable, "-m", "pytest", "--collect-only", *options, FILE]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def collected(*options: str) -> list[str]:
    return [line for line in pytest_says("-q", *options).splitlines() if "::" in line]


def test_a_part_of_a_table_and_all_that_is_in_none():
    whole, part = collected(), collected("--tables", "part")
    said = pytest_says("--tables", "part")
    alone = [name for name in whole if "[" not in name]
    assert alone and set(alone) <= set(part) < set(whole)
    rows = set(whole) - set(alone)
    (number, of) = map(int, re.findall(r"large tables: part (\d) of (\d), by the commit", said)[0])
    assert {name for name in part if name in rows} == {
        name for name in rows if zlib.crc32(name.encode()) % of == number - 1
    }
    # No part is much larger than another one.
    sizes = [sum(zlib.crc32(name.encode()) % of == one for name in rows) for one in range(of)]
    assert sum(sizes) == len(rows)
    assert max(sizes) < len(rows) / 2
