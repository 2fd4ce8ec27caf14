"""Waiting for what another thread, process or container does."""

import time
from collections.abc import Callable
from typing import TypeVar

import pytest

Result = TypeVar("Result")


def wait_for(
    condition: Callable[[], Result | None],
    timeout_s: float = 60.0,
    what: str = "it to happen",
    *,
    every_s: float = 0.02,
) -> Result:
    """Poll until the condition gives something true, and return that; fails after the timeout."""
    deadline = time.monotonic() + timeout_s
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            pytest.fail(f"waited {timeout_s:g} s for {what}")
        time.sleep(every_s)
