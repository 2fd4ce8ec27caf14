"""Where the library is found, and what happens where it is not or fits badly."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from kernel_ways import kernels_in, needs_kernels, ways, without_kernels

from alternator.speech.batched import kernels
from alternator.speech.batched.kernels import our_kernels

C_SOURCES = Path(kernels.__file__).parent


def test_without_the_library_there_are_none(caplog):
    with without_kernels(), caplog.at_level("DEBUG"):
        kernels.load.cache_clear()
        assert our_kernels() is None
        assert our_kernels() is None
    assert [record.levelname for record in caplog.records] == ["DEBUG"]
    assert "int8 by torch's operations" in caplog.text


@needs_kernels
def test_a_library_of_another_version_is_not_called(monkeypatch, caplog):
    monkeypatch.setattr(kernels, "INTERFACE", kernels.INTERFACE + 1)
    with caplog.at_level("DEBUG"):
        assert kernels.load.__wrapped__(kernels.LIBRARY) is None
    assert "was built for another version" in caplog.text


def test_a_file_that_is_no_library_is_none(tmp_path):
    (tmp_path / "libkernels.so").write_text("no library")
    assert kernels.load(tmp_path / "libkernels.so") is None


@needs_kernels
def test_one_thread_is_no_help_beside_torchs_many(monkeypatch):
    alone = kernels.Kernels(ctypes.CDLL(str(kernels.LIBRARY)), None)
    monkeypatch.setattr(kernels, "load", lambda file: alone)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert our_kernels() is None
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert our_kernels() is alone


@needs_kernels
def test_the_ways_are_the_best_and_those_before_it():
    assert ways() == list(kernels.Way)[: len(ways())]
    assert [kernels_in(way).way for way in ways()] == ways()


@needs_kernels
@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells of threads on Linux")
def test_torchs_own_threads_do_the_work():
    """Other threads would fight them for the processors."""
    script = """
import os, torch
from alternator.speech.batched.int8_rows import KernelInt8
from alternator.speech.batched.kernels import our_kernels
torch.set_num_threads(3)
torch.randn(2000, 2000) @ torch.randn(2000, 2000)
before = sorted(os.listdir("/proc/self/task"))
KernelInt8(our_kernels(), torch.randn(2000, 512), None)(torch.randn(4, 512))
assert our_kernels().threaded and len(before) > 1
assert sorted(os.listdir("/proc/self/task")) == before
"""
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
