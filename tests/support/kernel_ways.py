"""Our kernels in each way that this processor has, and without them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alternator.speech.batched import kernel_library
from alternator.speech.batched.kernel_library import Way
from alternator.speech.batched.kernels import Kernels, our_kernels

needs_kernels = pytest.mark.skipif(
    our_kernels() is None, reason=f"{kernel_library.FILE.name} was not built: is there a compiler?"
)


def ways() -> list[Way]:
    """Those that can be forced here."""
    found = our_kernels()
    return [way for way in Way if found is not None and way <= found.way]


def kernels_in(way: Way) -> Kernels:
    """The kernels, computing in that way."""
    found = our_kernels()
    assert found is not None
    return found.by(way)


@contextmanager
def without_kernels() -> Iterator[None]:
    """As where the library could not be built."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel_library, "FILE", Path("/nowhere/libkernels.so"))
        yield
