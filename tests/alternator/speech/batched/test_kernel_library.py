"""What stands where the library should, and what is said of it."""

import ctypes.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from kernel_ways import needs_kernels, without_kernels

from alternator.speech.batched import kernel_library
from alternator.speech.batched.kernel_library import (
    FILE,
    SWITCH,
    WORDS,
    Library,
    Way,
    in_words,
    open_library,
    too_few_threads,
)

BY_TORCH = "speech on the CPU by torch's operations alone: "


def opened() -> Library:
    library = open_library(FILE)
    assert isinstance(library, Library)
    return library


def test_one_that_was_not_built(tmp_path):
    assert open_library(tmp_path / FILE.name) == (
        "libkernels.so was not built, for want of a C compiler"
    )
    with without_kernels():
        assert in_words(2) == f"{BY_TORCH}libkernels.so was not built, for want of a C compiler"


def test_a_file_that_is_no_library(tmp_path):
    (tmp_path / FILE.name).write_text("no library")
    found = open_library(tmp_path / FILE.name)
    assert isinstance(found, str) and found.startswith("libkernels.so can't be loaded: ")
    assert "\n" not in found


@needs_kernels
@pytest.mark.skipif(sys.platform != "linux", reason="ELF is Linux's")
@pytest.mark.parametrize(
    ("place", "what"), [(18, b"\xff\xfe"), (None, b"libc.so.9")], ids=["processor", "C library"]
)
def test_one_that_was_built_for_another(tmp_path, place, what):
    """The loader says no: the number of the processor is nobody's, the C library is not here."""
    written = bytearray(FILE.read_bytes())
    at = written.index(b"libc.so.6") if place is None else place
    written[at : at + len(what)] = what
    (tmp_path / FILE.name).write_bytes(written)
    found = open_library(tmp_path / FILE.name)
    assert isinstance(found, str) and found.startswith("libkernels.so can't be loaded: ")
    assert "\n" not in found


@pytest.mark.skipif(sys.platform != "linux", reason="the C library is asked by its Linux name")
def test_a_library_without_our_functions():
    name = ctypes.util.find_library("c")
    assert name is not None
    maps = Path("/proc/self/maps").read_text().split()
    path = next(Path(word) for word in maps if word.endswith(name))
    found = open_library(path)
    assert isinstance(found, str) and "can't be loaded" in found


@needs_kernels
def test_one_of_another_version(monkeypatch):
    monkeypatch.setattr(kernel_library, "INTERFACE", kernel_library.INTERFACE + 1)
    assert open_library(FILE) == "libkernels.so was built for another version"


@needs_kernels
@pytest.mark.parametrize("value", ["no", "0", "Off", " false "])
def test_it_can_be_turned_off(monkeypatch, value):
    monkeypatch.setenv(SWITCH, value)
    assert in_words(1) == f"{BY_TORCH}ALTERNATOR_KERNELS says so"
    monkeypatch.setenv(SWITCH, "")
    assert opened().way in Way


@needs_kernels
def test_its_way_is_said():
    library = opened()
    assert in_words(1) == f"speech on the CPU by our own kernels: {WORDS[library.way]}"


@needs_kernels
def test_one_thread_is_no_help_beside_many(monkeypatch):
    monkeypatch.setattr(kernel_library, "_start_of_torch", lambda: None)
    library = opened()
    why = too_few_threads(library, 2)
    assert why == "torch's threads are not those of GCC's OpenMP"
    assert too_few_threads(library, 1) is None
    assert in_words(2) == f"{BY_TORCH}{why}"


@pytest.mark.skipif(sys.platform != "linux", reason="gcc's words")
@pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc here")
def test_a_processor_without_vectors_has_the_plain_way(tmp_path):
    """As ARM is compiled for: the same sources without a word of x86."""
    sources = sorted(map(str, FILE.parent.glob("kernel_*.c")))
    flags = FILE.with_name("kernels.flags").read_text("ascii").split()
    command = ["gcc", *flags, "-DPLAIN_ONLY", "-Wall", "-Werror", "-shared"]
    subprocess.run([*command, "-o", str(tmp_path / FILE.name), *sources], check=True, timeout=200)
    library = open_library(tmp_path / FILE.name)
    assert isinstance(library, Library) and library.way == Way.PLAIN


@pytest.mark.skipif(sys.platform != "linux", reason="the wheel's name is Linux's")
def test_from_source_without_a_compiler_the_package_is_whole(tmp_path):
    root = Path(__file__).parents[4]
    source = tmp_path / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    for package in ("alternator", "probe"):
        ignored = shutil.ignore_patterns("__pycache__", "libkernels.so")
        shutil.copytree(root / package, source / package, ignore=ignored)
    script = "from setuptools import build_meta; print(build_meta.build_wheel('dist'))"
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=source,
        env={**os.environ, "CC": "/nowhere/cc", "LDSHARED": "/nowhere/cc"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    (wheel,) = (source / "dist").glob("*.whl")
    shutil.unpack_archive(wheel, tmp_path / "site", "zip")
    batched = tmp_path / "site" / "alternator" / "speech" / "batched"
    assert (batched / "kernels.py").exists() and not (batched / FILE.name).exists()
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            f"from {kernel_library.__name__} import in_words;print(in_words(1))",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert said.stdout.strip().endswith("was not built, for want of a C compiler")
