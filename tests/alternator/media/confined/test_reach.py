"""What a decoder may open, of programs of every kind."""

import os
import shutil
import struct
import sys
from pathlib import Path

import pytest

from alternator.media.confined.reach import OWN, loader_of, of_program, opening

MOST_SECRET = ("/", "/etc", "/home", "/root", "/proc", "/var", "/tmp", "/run", "/bin", "/usr")


@pytest.mark.parametrize("name", ["ffmpeg", sys.executable])
def test_nothing_that_is_a_secret_is_within(name: str):
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    reach = of_program(found)
    assert reach is not None and reach.writes == ("/dev/null",)
    assert not set(reach.reads + reach.runs + reach.writes) & set(MOST_SECRET)
    assert os.path.realpath(found) in reach.runs
    assert "/bin/sh" not in reach.runs


def test_of_a_checkout_the_package_alone_is_read():
    reach = of_program(sys.executable)
    assert reach is not None and str(OWN) in reach.reads
    assert OWN.name == "alternator" and (OWN / "media").is_dir()
    assert str(OWN.parent) not in reach.reads


def test_the_loaders_variables_are_followed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/libraries:relative::/")
    monkeypatch.setenv("LD_PRELOAD", "/opt/first.so /opt/second.so")
    of_program.cache_clear()
    reach = of_program(sys.executable)
    of_program.cache_clear()
    assert reach is not None
    assert {"/opt/libraries", "/opt/first.so", "/opt/second.so"} <= set(reach.reads)
    assert not {"", "/", "relative"} & set(reach.reads)


def test_an_input_and_a_folder(tmp_path: Path):
    reach = opening(tmp_path / "clip", writing=tmp_path / "frames")
    assert (reach.reads, reach.writes) == ((f"{tmp_path}/clip",), (f"{tmp_path}/frames",))
    assert opening(tmp_path).writes == ()


def elf(*segments: tuple[int, bytes]) -> bytes:
    """A program of 64 bits: its head, and segments of a kind with their content."""
    start = 64 + 56 * len(segments)
    heads, contents = b"", b""
    for kind, content in segments:
        place = start + len(contents)
        heads += struct.pack("<IIQQQQQQ", kind, 4, place, 0, 0, len(content), len(content), 1)
        contents += content
    head = b"\x7fELF\x02\x01\x01" + bytes(9)
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0, 64, 0, 0, 64, 56, len(segments), 0, 0, 0)
    return head + heads + contents


@pytest.mark.parametrize(
    ("content", "loader"),
    [
        (elf((1, b"code"), (3, b"/lib64/ld-linux-x86-64.so.2\0")), "/lib64/ld-linux-x86-64.so.2"),
        (elf((1, b"code")), ""),  # linked statically
        (elf((3, b"/lib/ld.so\0"))[:90], None),  # cut off
        (b"#!/bin/sh\n", None),
        (b"\x7fELF\x01\x01" + bytes(80), None),  # of 32 bits
        (b"", None),
    ],
)
def test_what_loads_a_program(tmp_path: Path, content: bytes, loader: str | None):
    (tmp_path / "program").write_bytes(content)
    assert loader_of(str(tmp_path / "program")) == loader
    assert loader_of(str(tmp_path / "nothing")) is None
