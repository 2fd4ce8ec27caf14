"""Our own kernels in C for int8 on a CPU: where their library is, and how it is called.

The library is built where there is a compiler (``setup.py``; in images beforehand). Without it, and
where it was not built for these structures, torch's operations do the work.
"""

import contextlib
import ctypes
import logging
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

logger = logging.getLogger(__name__)

LIBRARY = Path(__file__).with_name("libkernels.so")
INTERFACE = 1  # as in kernel_ways.c


class Way(IntEnum):
    """What a kernel is computed with; a processor that has one has those before it. kernels.h."""

    PLAIN = 0
    AVX2 = 1
    AVX512 = 2
    VNNI = 3


class SoundFields(ctypes.Structure):
    """``struct sound`` of kernel_listen.c."""

    _fields_ = (
        ("keys", ctypes.c_void_p),
        ("values", ctypes.c_void_p),
        ("ranges", ctypes.c_void_p),
        ("positions", ctypes.c_void_p),
        ("heads", ctypes.c_int64),
        ("tiles", ctypes.c_int64),
    )


class LayerFields(ctypes.Structure):
    """``struct layer`` of kernel_linear.c."""

    _fields_ = (
        ("weights", ctypes.c_void_p),
        ("sums", ctypes.c_void_p),
        ("scales", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("inputs", ctypes.c_int64),
        ("outputs", ctypes.c_int64),
        ("gelu", ctypes.c_int64),
    )


class _Team(ctypes.Structure):
    """``struct team`` of kernels.h."""

    _fields_ = (("start", ctypes.c_void_p), ("threads", ctypes.c_uint))


class Kernels:
    """The functions of a library. ``way``: by default the best that this processor has.

    They take contiguous float32 tensors on the CPU, and run without Python's lock.
    """

    def __init__(self, library: ctypes.CDLL, start: int | None, way: Way | None = None) -> None:
        self._library = library
        self.way = Way(library.best_way()) if way is None else way
        self._start = start
        self._teams: dict[int, _Team] = {}
        pointer, number, kind = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
        self._listen, self._keep, self._linear = library.listen, library.keep_sound, library.linear
        self._listen.argtypes = (
            *(pointer, pointer, pointer, number, pointer),
            *(number, number, pointer, kind),
        )
        self._keep.argtypes = (pointer, pointer, pointer, number, number, number, pointer, kind)
        self._linear.argtypes = (pointer, pointer, pointer, number, pointer, kind)
        self._listen.restype = self._keep.restype = None

    def by(self, way: Way) -> Self:
        """The same, computing in a way that is not the best."""
        return type(self)(self._library, self._start, way)

    @property
    def threaded(self) -> bool:
        """Whether the kernels use all of torch's threads, or one alone."""
        return self._start is not None

    def listen(self, sound: SoundFields, q: Tensor, bias: Tensor | None) -> Tensor:
        """What ``q``, (windows, rows, heads, 64), hears of the sound: the same shape.

        ``bias``, (windows, 1, 1, positions), whose last dimension is dense, is added to the scores.
        """
        heard = torch.empty_like(q)
        self._listen(
            ctypes.byref(sound),
            q.data_ptr(),
            None if bias is None else bias.data_ptr(),
            0 if bias is None else bias.stride(0),
            heard.data_ptr(),
            len(q),
            q.shape[1],
            self._team(),
            self.way,
        )
        return heard

    def keep(self, sound: SoundFields, place: int, keys: Tensor, values: Tensor) -> None:
        """A window's keys and values into its place: (positions, heads, 64), of which positions may
        stand apart from each other, those of both equally."""
        self._keep(
            ctypes.byref(sound),
            keys.data_ptr(),
            values.data_ptr(),
            place,
            len(keys),
            keys.stride(0),
            self._team(),
            self.way,
        )

    def linear(self, layer: LayerFields, x: Tensor) -> Tensor:
        """``x``, (rows, inputs), times the weights, plus the bias: (rows, outputs)."""
        product = torch.empty(len(x), layer.outputs)
        failed = self._linear(
            ctypes.byref(layer), x.data_ptr(), product.data_ptr(), len(x), self._team(), self.way
        )
        if failed:
            raise MemoryError(f"no memory for {len(x)} rows of a linear layer")
        return product

    def _team(self) -> object:
        threads = torch.get_num_threads()
        if threads not in self._teams:
            self._teams[threads] = _Team(self._start, threads)
        return ctypes.byref(self._teams[threads])


def our_kernels() -> Kernels | None:
    """The kernels, None where torch's operations are to do the work.

    That is where there is no library for this program, and where its kernels would run on one
    thread beside torch, which has more: with another OpenMP than GCC's.
    """
    kernels = load(LIBRARY)
    if kernels is None or (not kernels.threaded and torch.get_num_threads() > 1):
        return None
    return kernels


@cache
def load(file: Path) -> Kernels | None:
    """The kernels of a library, None where it is missing or was built for other structures."""
    try:
        library = ctypes.CDLL(str(file))
        found = library.interface()
    except (OSError, AttributeError) as error:
        logger.debug("int8 by torch's operations: %s", error)
        return None
    if found != INTERFACE:
        logger.debug("int8 by torch's operations: %s was built for another version", file)
        return None
    kernels = Kernels(library, _start_of_torch())
    logger.debug("int8 by our kernels, %s", kernels.way.name)
    return kernels


def _start_of_torch() -> int | None:
    """The address of GOMP_parallel in the OpenMP library that torch's own threads belong to.

    GCC's libgomp, which Linux wheels of torch bring along:
    https://gcc.gnu.org/onlinedocs/libgomp/Implementing-PARALLEL-construct.html
    """
    package = Path(torch.__file__).parent
    for folder in (package / "lib", package.with_name("torch.libs")):
        for file in sorted(folder.glob("libgomp*.so*")):
            with contextlib.suppress(OSError, AttributeError):
                start = ctypes.CDLL(str(file)).GOMP_parallel
                return ctypes.cast(start, ctypes.c_void_p).value
    return None
