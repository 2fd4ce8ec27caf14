"""Freed memory goes back to the system."""

import subprocess
import sys

import pytest

from alternator.speech.batched import heap

CHILD = """
import re
from alternator.speech.batched.heap import trim
def resident():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
# Small blocks, the last of which holds the heap's end in its place.
blocks = [bytearray(60_000) for _ in range(1000)]
last = bytearray(60_000)
before = resident()
del blocks
kept = resident()
trim()
print(before, kept, resident())
"""


def test_what_was_freed_is_given_back():
    if heap._malloc_trim() is None:
        pytest.skip("this C library has no malloc_trim")
    ran = subprocess.run(
        [sys.executable, "-c", CHILD], capture_output=True, text=True, check=True, timeout=60
    )
    before, kept, left = map(int, ran.stdout.split())
    assert kept > before - 10
    assert left < before - 40


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(heap, "_malloc_trim", lambda: None)
    heap.trim()
