"""Linear layers with int8 weights on a CPU: a quarter of the memory to walk, and faster products.

Each output has a scale of its own for its weights, fixed when they are loaded. The inputs' scale is
found anew in each product, over all of its rows.
"""

import warnings

import torch
from torch import Tensor

from alternator.speech.batched.int8_engine import use_engine, whole_range
from alternator.speech.batched.onednn import after, has_onednn

# GELU goes down to -0.17. A row with nothing above this keeps its size: -0.17 would be most of it.
SMALL = 1.0
ROWS = 512  # that are quantized at once


def quantized(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (outputs, inputs) as int8, and the scale of each output, float32."""
    values = torch.empty(weight.shape, dtype=torch.int8)
    scales = torch.empty(len(weight))
    # Few rows at a time stay in the processor's caches: a third of the time for a vocabulary.
    for first in range(0, len(weight), ROWS):
        some = slice(first, first + ROWS)
        part = weight[some].float()
        scale = part.abs().amax(1).clamp_(min=torch.finfo(torch.float32).tiny).div_(127)
        values[some] = (part / scale[:, None]).round_().clamp_(-127, 127)
        scales[some] = scale
    return values, scales


def _whole_numbers(quantized: Tensor) -> Tensor:
    """Those of a quantized tensor, as uint8, where they lie.

    ``int_repr`` copies them one by one, on one thread: a tenth of the encoder's time.
    """
    bare = torch.empty(0, dtype=torch.uint8)
    return bare.set_(quantized.untyped_storage(), 0, quantized.shape, quantized.stride())


class FewRowsInt8:
    """For the decoder's few rows: one call, which finds the inputs' scale itself."""

    def __init__(self, weight: Tensor, bias: Tensor | None, *, gelu: bool = False) -> None:
        use_engine()
        values, scales = quantized(weight)
        zeros = torch.zeros(len(scales), dtype=torch.int64)
        with warnings.catch_warnings():
            # The tensors that this operation packs are to go from a later torch than ours.
            # https://github.com/pytorch/pytorch/issues/184982
            warnings.simplefilter("ignore", UserWarning)
            packable = torch._make_per_channel_quantized_tensor(values, scales, zeros, 0)
            self._packed = torch.ops.quantized.linear_prepack(
                packable, None if bias is None else bias.float()
            )
        self._seven_bits = not whole_range()
        self._gelu = gelu

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias, and GELU."""
        # The operation refuses a row that stands alone.
        rows = x if x.dim() > 1 else x[None]
        product: Tensor = torch.ops.quantized.linear_dynamic(rows, self._packed, self._seven_bits)
        product = product.view(*x.shape[:-1], -1)
        return torch.ops.aten.gelu_(product) if self._gelu else product


class ManyRowsInt8:
    """For the encoder's hundreds of rows: oneDNN's product, half the time of FewRowsInt8's.

    The inputs are quantized here, so GELU comes in the same call; 1500 × 512 × 1536 takes 4.5 ms on
    one thread, FewRowsInt8 9, float32 15. Rows are of one window (``Encoder`` sees to it), so what
    stands beside a window changes nothing in it.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, gelu: bool = False) -> None:
        use_engine()
        values, self._scales = quantized(weight)
        self._zeros = torch.zeros(len(self._scales), dtype=torch.int64)
        self._packed = torch.ops.onednn.qlinear_prepack(values, None)
        self._bias = None if bias is None else bias.float()
        self._most = 255 if whole_range() else 127
        self._after = after(gelu)

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias, and GELU."""
        low, high = (number.item() for number in torch.aminmax(x))
        low, high = min(low, 0.0), max(high, 0.0)
        scale = max((high - low) / self._most, 1e-12)
        zero = round(-low / scale)
        taken = _whole_numbers(torch.quantize_per_tensor(x, scale, zero, torch.quint8))
        product: Tensor = torch.ops.onednn.qlinear_pointwise(
            taken,
            scale,
            zero,
            self._packed,
            self._scales,
            self._zeros,
            self._bias,
            1.0,
            0,
            torch.float32,
            *self._after,
        )
        return product

    @staticmethod
    def can() -> bool:
        """Whether this torch has the product."""
        return has_onednn() and hasattr(torch.ops.onednn, "qlinear_pointwise")


class AfterGeluInt8:
    """A layer whose inputs come from GELU, each row with a scale of its own.

    Some rows are hundreds of times as large as others. With one scale for all this layer alone made
    nearly all of int8's error: with real base weights 16 % of the encoder's result.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None, *, many: bool) -> None:
        layer = ManyRowsInt8 if many and ManyRowsInt8.can() else FewRowsInt8
        self._product = layer(weight, None)
        self._bias = torch.zeros(len(weight)) if bias is None else bias.float()

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias. ``x`` is written over."""
        # At most 1 in each row, so that the one scale of the product suits all of them.
        largest = x.amax(-1, keepdim=True).clamp_(min=SMALL)
        x /= largest
        return torch.addcmul(self._bias, self._product(x), largest)
