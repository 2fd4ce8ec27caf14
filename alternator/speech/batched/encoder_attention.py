"""The attention of the encoder's layers: of all positions of a window over all of them."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from alternator.speech.batched.kernel_library import Way
from alternator.speech.batched.kernels import MOST_POSITIONS, Kernels, our_kernels

HEAD = 64  # the size of Whisper's heads, which kernel_attend.c is written for


class EncoderAttention(Protocol):
    """What positions hear of each other."""

    def __call__(self, qkv: Tensor, bias: Tensor | None) -> Tensor:
        """(windows, positions, 3 · state), of queries, keys and values → (windows, positions,
        state).

        ``bias``, (1, 1, 1, positions), is added to the scores.
        """


class PlainAttention:
    """torch's operation, number for number openai-whisper's."""

    def __init__(self, heads: int) -> None:
        self._heads = heads

    def __call__(self, qkv: Tensor, bias: Tensor | None) -> Tensor:
        """As EncoderAttention's."""
        n, positions, width = qkv.shape
        q, k, v = qkv.view(n, positions, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        heard = functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        return heard.transpose(1, 2).reshape(n, positions, width // 3)


class KernelAttention:
    """Our own kernel, in whole numbers: on two threads a layer of base takes 7.6 ms, torch's 16.4.

    With real base weights and speech a layer hears what is 0.2 to 0.4 % different.
    """

    def __init__(self, kernels: Kernels, heads: int) -> None:
        self._kernels, self._heads = kernels, heads
        self._plain = PlainAttention(heads)

    def __call__(self, qkv: Tensor, bias: Tensor | None) -> Tensor:
        """As EncoderAttention's."""
        if qkv.shape[1] > MOST_POSITIONS:
            return self._plain(qkv, bias)
        added = None if bias is None else bias.flatten().float().contiguous()
        heard = [self._kernels.attend(one.contiguous(), self._heads, added) for one in qkv]
        return heard[0][None] if len(heard) == 1 else torch.stack(heard)

    @staticmethod
    def can(kernels: Kernels, head: int) -> bool:
        """Whether this processor has the instructions, and heads of that size fit."""
        return kernels.way >= Way.VNNI and head == HEAD


def encoder_attention(heads: int, head: int, *, int8: bool) -> EncoderAttention:
    """For an encoder of so many heads of that size; ``int8``: whether it computes in int8."""
    kernels = our_kernels() if int8 else None
    if kernels is None or not KernelAttention.can(kernels, head):
        return PlainAttention(heads)
    return KernelAttention(kernels, heads)
