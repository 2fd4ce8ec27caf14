"""Linear layers on one device in one precision. The weights are held once, in the form computed in.

Which product is fastest depends on the device, the type and the number of rows; it was measured
(docs/benchmarks.md). An encoder's layers see hundreds of rows at once, a decoder's a few.
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from alternator.speech.batched.half_rows import KernelHalf
from alternator.speech.batched.int8_engine import has_fbgemm, use_engine
from alternator.speech.batched.int8_linear import AfterGeluInt8, FewRowsInt8, ManyRowsInt8
from alternator.speech.batched.int8_rows import KernelInt8
from alternator.speech.batched.kernels import our_kernels
from alternator.speech.batched.onednn import after, has_onednn
from alternator.speech.batched.precision import Precision

ROWS = 512  # that are looked at together: they stay in the processor's caches


class Linear(Protocol):
    """A linear layer: (…, inputs) → (…, outputs)."""

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias, and what was asked for after that."""


class PlainLinear:
    """``torch.nn.functional.linear``, number for number openai-whisper's. ``gelu``: then GELU."""

    def __init__(self, weight: Tensor, bias: Tensor | None, *, gelu: bool = False) -> None:
        self._weight, self._bias, self._gelu = weight, bias, gelu

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias, and GELU."""
        product = functional.linear(x, self._weight, self._bias)
        # In place: a new block of this size costs more than what is computed into it.
        return torch.ops.aten.gelu_(product) if self._gelu else product


class PackedLinear:
    """Float32 weights in the order in which oneDNN walks them, for a few rows on a CPU.

    ``functional.linear`` takes 24 ms for 8 rows × 512 × 51865 on one thread, ``weight @ x.T`` 17,
    this 9; for 4 rows 15, 16, 8. The same operation is what ``torch.compile`` makes of a frozen
    linear layer on a CPU:
    https://github.com/pytorch/pytorch/blob/v2.13.0/torch/_inductor/fx_passes/mkldnn_fusion.py
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, gelu: bool = False) -> None:
        # The rows that the order is best for; it serves any number.
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, 16)
        self._bias = bias
        self._after = after(gelu)

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias, and GELU."""
        product: Tensor = torch.ops.mkldnn._linear_pointwise(
            x, self._weight, self._bias, *self._after
        )
        return product

    @staticmethod
    def can(weight: Tensor) -> bool:
        """Whether this torch has it for such weights."""
        return (
            weight.device.type == "cpu"
            and weight.dtype == torch.float32
            and has_onednn()
            and hasattr(torch.ops.mkldnn, "_linear_pointwise")
            and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
        )


class HalfStoredLinear:
    """Weights kept in half precision and multiplied in float32, for a few rows on a CPU.

    A step reads all weights once and waits for memory. Where half precision holds each weight
    exactly, as in OpenAI's files, this reads half as much and gives the same numbers: for 4 rows ×
    512 × 51865 7 ms on one thread, PackedLinear 11.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, gelu: bool = False) -> None:
        use_engine()
        self._packed = torch.ops.quantized.linear_prepack_fp16(weight, bias)
        self._gelu = gelu

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias, and GELU."""
        if x.dim() == 1:
            return self(x[None])[0]
        product: Tensor = torch.ops.quantized.linear_dynamic_fp16(x, self._packed)
        return torch.ops.aten.gelu_(product) if self._gelu else product


def loses_nothing(weight: Tensor) -> bool:
    """Whether half precision holds each of these weights, float32 on a CPU, exactly."""
    return (
        weight.device.type == "cpu"
        and weight.dtype == torch.float32
        and all(
            torch.equal(rows.half().float(), rows)
            for rows in (weight[at : at + ROWS] for at in range(0, len(weight), ROWS))
        )
    )


def many_rows(
    weight: Tensor, bias: Tensor | None, precision: Precision, *, gelu: bool = False
) -> Linear:
    """A layer that is given hundreds of rows: ``weight`` is (outputs, inputs)."""
    if precision.int8:
        layer = ManyRowsInt8 if ManyRowsInt8.can() else FewRowsInt8
        return layer(weight, bias, gelu=gelu)
    return PlainLinear(weight, bias, gelu=gelu)


def few_rows(
    weight: Tensor, bias: Tensor | None, precision: Precision, *, gelu: bool = False
) -> Linear:
    """A layer that is given one row for each hypothesis, and a prompt's now and then."""
    if precision.int8:
        own = _by_our_kernel(weight, bias, gelu=gelu)
        return own or FewRowsInt8(weight, bias, gelu=gelu)
    if loses_nothing(weight):
        kernels = our_kernels()
        if kernels is not None and KernelHalf.can(kernels):
            return KernelHalf(kernels, weight, bias, gelu=gelu)
        if has_fbgemm():
            return HalfStoredLinear(weight, bias, gelu=gelu)
    if PackedLinear.can(weight):
        return PackedLinear(weight, bias, gelu=gelu)
    return PlainLinear(weight, bias, gelu=gelu)


def after_gelu(weight: Tensor, bias: Tensor | None, precision: Precision, *, many: bool) -> Linear:
    """A layer whose inputs come from GELU, and which may write over them."""
    if precision.int8:
        own = None if many else _by_our_kernel(weight, bias)
        return own or AfterGeluInt8(weight, bias, many=many)
    return (many_rows if many else few_rows)(weight, bias, precision)


def _by_our_kernel(weight: Tensor, bias: Tensor | None, *, gelu: bool = False) -> KernelInt8 | None:
    kernels = our_kernels()
    if kernels is None or not KernelInt8.can(kernels, weight):
        return None
    return KernelInt8(kernels, weight, bias, gelu=gelu)
