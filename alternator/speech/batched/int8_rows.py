"""Linear layers with int8 weights for the decoder's few rows, by our own kernel.

A step reads all weights once and waits for memory. With tiny's dimensions and five windows on two
threads a step took 4.9 ms so, 6.2 by torch's dynamic int8. Each row has a scale of its own, so what
stands beside it changes nothing in it, and one that GELU made large takes nothing from the others.
"""

import torch
from torch import Tensor
from torch.nn import functional

from alternator.speech.batched.int8_linear import quantized
from alternator.speech.batched.kernel_library import Way
from alternator.speech.batched.kernels import Kernels, LayerFields

# As kernel_linear.c has them: outputs that stand together, and inputs of each side by side.
BLOCK, QUAD = 32, 4


class KernelInt8:
    """One call, which finds the rows' scales itself."""

    def __init__(
        self, kernels: Kernels, weight: Tensor, bias: Tensor | None, *, gelu: bool = False
    ) -> None:
        values, self._scales = quantized(weight)
        outputs, inputs = values.shape
        padding = -outputs % BLOCK
        blocks = functional.pad(values, (0, 0, 0, padding))
        blocks = blocks.view(-1, BLOCK, inputs // QUAD, QUAD)
        self._weights = blocks.transpose(1, 2).contiguous()
        self._sums = functional.pad(values.sum(1, dtype=torch.int32), (0, padding))
        self._bias = None if bias is None else bias.float().contiguous()
        self._kernels = kernels
        self._fields = LayerFields(
            weights=self._weights.data_ptr(),
            sums=self._sums.data_ptr(),
            scales=self._scales.data_ptr(),
            bias=None if self._bias is None else self._bias.data_ptr(),
            inputs=inputs,
            outputs=outputs,
            gelu=gelu,
        )

    @staticmethod
    def can(kernels: Kernels, weight: Tensor) -> bool:
        """Whether the kernel serves this processor, and weights of that shape can be packed."""
        return kernels.way >= Way.AVX2 and weight.shape[1] % QUAD == 0

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias, and GELU."""
        inputs = x.shape[-1]
        rows = x.float().reshape(-1, inputs).contiguous()
        return self._kernels.linear(self._fields, rows).view(*x.shape[:-1], -1)
