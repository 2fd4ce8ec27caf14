"""Our own kernels in C for int8 on a CPU: where their library is, and how it is called.

The library is built where there is a compiler (``setup.py``; in images beforehand). Without it, and
where it was not built for these structures, torch's operations do the work.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import Self

import torch
from torch import Tensor

from alternator.speech.batched import kernel_library
from alternator.speech.batched.kernel_library import Library, Way, open_library, too_few_threads

MOST_POSITIONS = 1536  # that kernel_attend.c takes


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


class HalfFields(ctypes.Structure):
    """``struct half_layer`` of kernel_half.c."""

    _fields_ = (
        ("weights", ctypes.c_void_p),
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

    def __init__(self, library: Library, way: Way | None = None) -> None:
        self.library = library
        self.way = library.way if way is None else way
        self._teams: dict[int, _Team] = {}
        pointer, number, kind = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
        functions = library.functions
        self._listen, self._keep = functions.listen, functions.keep_sound
        self._linear, self._attend = functions.linear, functions.attend
        self._half_linear = functions.half_linear
        self._listen.argtypes = (
            *(pointer, pointer, pointer, number, pointer),
            *(number, number, pointer, kind),
        )
        self._keep.argtypes = (pointer, pointer, pointer, number, number, number, pointer, kind)
        self._linear.argtypes = (pointer, pointer, pointer, number, pointer, kind)
        self._half_linear.argtypes = self._linear.argtypes
        self._attend.argtypes = (pointer, pointer, pointer, number, number, pointer)
        for without_result in (self._listen, self._keep, self._half_linear):
            without_result.restype = None

    def by(self, way: Way) -> Self:
        """The same, computing in a way that is not the best."""
        return type(self)(self.library, way)

    @property
    def threaded(self) -> bool:
        """Whether the kernels use all of torch's threads, or one alone."""
        return self.library.start is not None

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

    def half_linear(self, layer: HalfFields, x: Tensor) -> Tensor:
        """The same for weights in half precision."""
        product = torch.empty(len(x), layer.outputs)
        self._half_linear(
            ctypes.byref(layer), x.data_ptr(), product.data_ptr(), len(x), self._team(), self.way
        )
        return product

    def attend(self, qkv: Tensor, heads: int, bias: Tensor | None) -> Tensor:
        """What the positions of a window hear of each other: (positions, 3 · state), of queries,
        keys and values, → (positions, state). At most MOST_POSITIONS of them, in the way VNNI.

        ``bias``, (positions,), dense, is added to the scores.
        """
        positions, width = qkv.shape
        heard = torch.empty(positions, width // 3)
        failed = self._attend(
            qkv.data_ptr(),
            None if bias is None else bias.data_ptr(),
            heard.data_ptr(),
            positions,
            heads,
            self._team(),
        )
        if failed:
            raise MemoryError(f"no memory for the attention of {positions} positions")
        return heard

    def _team(self) -> object:
        threads = torch.get_num_threads()
        if threads not in self._teams:
            self._teams[threads] = _Team(self.library.start, threads)
        return ctypes.byref(self._teams[threads])


def our_kernels() -> Kernels | None:
    """The kernels, None where torch's operations are to do the work.

    That is where there is no library for this program, and where its kernels would run on one
    thread beside torch, which has more: with another OpenMP than GCC's.
    """
    kernels = load(kernel_library.FILE)
    if kernels is None or too_few_threads(kernels.library, torch.get_num_threads()):
        return None
    return kernels


@cache
def load(file: Path) -> Kernels | None:
    """The kernels of a library, None where it is of no use here."""
    library = open_library(file)
    return None if isinstance(library, str) else Kernels(library)
