"""Work that is given up."""

import threading
import time

import pytest

from alternator.models.patience import GivenUpError, patiently
from alternator.progress import SILENT, Progress


def test_results_and_errors_come_through() -> None:
    assert patiently(lambda _: 7, SILENT, patience=5, within=5) == 7
    assert patiently(lambda _: 7, SILENT, patience=None, within=None) == 7

    def failing(_: Progress) -> int:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        patiently(failing, SILENT, patience=5, within=None)


def test_nothing_came() -> None:
    stuck = threading.Event()
    start = time.monotonic()
    with pytest.raises(GivenUpError, match=r"nothing came within 0\.1 s"):
        patiently(lambda _: stuck.wait(20), SILENT, patience=0.1, within=None)
    stuck.set()
    assert time.monotonic() - start < 10


def test_something_came_but_not_all_and_the_work_ends() -> None:
    ended = threading.Event()

    def slow(progress: Progress) -> None:
        try:
            while True:
                progress.advanced(1, 2)
                progress.pause(0.01)
        finally:
            ended.set()

    with pytest.raises(GivenUpError, match=r"not done within 0\.2 s; what came of it is kept"):
        patiently(slow, SILENT, patience=10, within=0.2)
    assert ended.wait(20)
