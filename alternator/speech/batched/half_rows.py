"""Linear layers with weights in half precision for the decoder's few rows, by our own kernel.

Where half precision holds each weight exactly, as in OpenAI's files, the product is float32's. A
step reads all weights once and waits for memory: a vocabulary of 384 × 51865 that no cache holds
takes 1.9 ms for five rows on two threads, torch's product with them (``HalfStoredLinear``) 3.1.
"""

import torch
from torch import Tensor
from torch.nn import functional

from alternator.speech.batched.kernel_library import Way
from alternator.speech.batched.kernels import HalfFields, Kernels

BLOCK = 32  # outputs that stand together, as kernel_half.c has them


class KernelHalf:
    """One call, with bias and GELU in it."""

    def __init__(
        self, kernels: Kernels, weight: Tensor, bias: Tensor | None, *, gelu: bool = False
    ) -> None:
        outputs, inputs = weight.shape
        padded = functional.pad(weight.to(torch.float16), (0, 0, 0, -outputs % BLOCK))
        self._weights = padded.view(-1, BLOCK, inputs).transpose(1, 2).contiguous()
        self._bias = None if bias is None else bias.float().contiguous()
        self._kernels = kernels
        self._fields = HalfFields(
            weights=self._weights.data_ptr(),
            bias=None if self._bias is None else self._bias.data_ptr(),
            inputs=inputs,
            outputs=outputs,
            gelu=gelu,
        )

    @staticmethod
    def can(kernels: Kernels) -> bool:
        """Whether the kernel serves this processor."""
        return kernels.way >= Way.AVX2

    def __call__(self, x: Tensor) -> Tensor:
        """``x`` times the weights, plus the bias, and GELU."""
        rows = x.reshape(-1, x.shape[-1]).contiguous()
        return self._kernels.half_linear(self._fields, rows).view(*x.shape[:-1], -1)
