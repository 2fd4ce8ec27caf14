"""The library of our kernels in C: whether it is there, fits, and what this processor can do by it.

Without torch, so that ``alternator doctor`` says it at once. ``kernels.py`` calls it.
"""

import contextlib
import ctypes
import importlib.util
import os
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

FILE = Path(__file__).with_name("libkernels.so")
INTERFACE = 3  # as in kernel_ways.c
SWITCH = "ALTERNATOR_KERNELS"
OFF = ("0", "no", "off", "false")


class Way(IntEnum):
    """What a kernel is computed with; a processor that has one has those before it. kernels.h."""

    PLAIN = 0
    AVX2 = 1
    AVX512 = 2
    VNNI = 3


WORDS = {
    Way.PLAIN: "without vector instructions",
    Way.AVX2: "AVX2",
    Way.AVX512: "AVX-512",
    Way.VNNI: "AVX-512 VNNI",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Library:
    """An open library. ``way``: the best that this processor has.

    ``start``: the address of GOMP_parallel in the OpenMP library that torch's own threads belong
    to; None where there is none, and the kernels run on the thread that calls.
    """

    functions: ctypes.CDLL
    way: Way
    start: int | None


def open_library(file: Path) -> Library | str:
    """The library, or why it is of no use."""
    if os.environ.get(SWITCH, "").strip().lower() in OFF:
        return f"{SWITCH} says so"
    if not file.exists():
        return f"{file.name} was not built, for want of a C compiler"
    try:
        functions = ctypes.CDLL(str(file))
        found = functions.interface()
        way = Way(functions.best_way())
    except (OSError, AttributeError, ValueError) as error:
        return f"{file.name} can't be loaded: {error}"
    if found != INTERFACE:
        return f"{file.name} was built for another version"
    return Library(functions=functions, way=way, start=_start_of_torch())


def too_few_threads(library: Library, threads: int) -> str | None:
    """Why the kernels are no help beside so many threads of torch, None where they are."""
    if library.start is None and threads > 1:
        return "torch's threads are not those of GCC's OpenMP"
    return None


def in_words(threads: int) -> str:
    """What computes speech on the CPU, where torch has so many threads."""
    library = open_library(FILE)
    why = library if isinstance(library, str) else too_few_threads(library, threads)
    if isinstance(library, str) or why:
        return f"speech on the CPU by torch's operations alone: {why}"
    return f"speech on the CPU by our own kernels: {WORDS[library.way]}"


def _start_of_torch() -> int | None:
    """GCC's libgomp, which Linux wheels of torch bring along:
    https://gcc.gnu.org/onlinedocs/libgomp/Implementing-PARALLEL-construct.html
    """
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    package = Path(spec.origin).parent
    for folder in (package / "lib", package.with_name("torch.libs")):
        for file in sorted(folder.glob("libgomp*.so*")):
            with contextlib.suppress(OSError, AttributeError):
                start = ctypes.CDLL(str(file)).GOMP_parallel
                return ctypes.cast(start, ctypes.c_void_p).value
    return None
