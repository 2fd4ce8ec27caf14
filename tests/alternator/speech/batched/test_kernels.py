"""When the kernels are called, in which ways, and by which threads."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from kernel_ways import kernels_in, needs_kernels, ways, without_kernels

from alternator.speech.batched import kernel_library, kernels
from alternator.speech.batched.kernel_library import Library, Way, open_library
from alternator.speech.batched.kernels import our_kernels


def test_without_the_library_there_are_none():
    with without_kernels():
        assert our_kernels() is None


@needs_kernels
def test_one_thread_is_no_help_beside_torchs_many(monkeypatch):
    library = open_library(kernel_library.FILE)
    assert isinstance(library, Library)
    alone = kernels.Kernels(replace(library, start=None))
    monkeypatch.setattr(kernels, "load", lambda file: alone)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert our_kernels() is None
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    assert our_kernels() is alone


@needs_kernels
def test_the_ways_are_the_best_and_those_before_it():
    assert ways() == list(Way)[: len(ways())]
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
