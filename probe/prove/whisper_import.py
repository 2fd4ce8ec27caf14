"""Imports openai-whisper without numba, 170 MB of compiler for one loop of word timestamps.

``whisper/timing.py`` imports numba and decorates two functions with ``numba.jit``; whoever only
wants the model needs neither, and the speech engine puts a loop of its own in their place.
https://github.com/openai/whisper/blob/v20250625/whisper/timing.py
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from typing import TypeVar

NAME = "numba"

Function = TypeVar("Function", bound=Callable[..., object])


@contextmanager
def numba_stood_in() -> Iterator[None]:
    """While openai-whisper is imported: ``numba`` is a module that leaves functions as they are.

    Afterwards it is as it was: absent, or to be imported. A numba that was imported before stays.
    """
    if NAME in sys.modules:
        yield
        return
    # With a spec, so that `find_spec` of whatever else is imported meanwhile does not stumble.
    stand_in = module_from_spec(ModuleSpec(NAME, None))
    vars(stand_in)["jit"] = jit
    sys.modules[NAME] = stand_in
    try:
        yield
    finally:
        del sys.modules[NAME]


def jit(**_options: object) -> Callable[[Function], Function]:
    """As ``numba.jit`` with options: a decorator, here one that changes nothing."""
    return lambda function: function
