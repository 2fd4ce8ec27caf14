"""A linear layer on one device in one precision. The weights are held once, as they are used."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

# Up to this many rows a float32 product on a CPU is faster as `weight @ x.T`: the library walks
# the weights once, in the order in which they lie (512 × 51865, 8 rows: 21 ms in place of 50).
FEW_ROWS = 32


class Linear(Protocol):
    """A linear layer: (…, inputs) → (…, outputs)."""

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias."""


class FloatLinear:
    """A linear layer in a floating-point type, for many rows or on a GPU."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        self.weight = weight
        self.bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias."""
        return functional.linear(x, self.weight, self.bias)


class Float32CpuLinear(FloatLinear):
    """A float32 layer on the CPU, which takes few rows the other way round."""

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias."""
        rows = x.reshape(-1, x.shape[-1])
        if len(rows) > FEW_ROWS:
            return functional.linear(x, self.weight, self.bias)
        if self.bias is None:
            product = self.weight @ rows.t()
        else:
            product = torch.addmm(self.bias[:, None], self.weight, rows.t())
        return product.t().reshape(*x.shape[:-1], -1)


def linear_layer(weight: Tensor, bias: Tensor | None) -> Linear:
    """The layer of those weights (outputs, inputs) for the device and type that they are in."""
    if weight.device.type == "cpu" and weight.dtype == torch.float32:
        return Float32CpuLinear(weight, bias)
    return FloatLinear(weight, bias)
