"""Attention of a step's few queries over keys and values that stand in a cache."""

import torch
from torch import Tensor
from torch.nn import functional


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """(windows, heads, queries, head) over (windows, heads, keys, head) → the shape of ``q``.

    ``bias`` is added to the scores: (windows, 1, queries or 1, keys), minus infinity where a query
    must not look.
    """
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)


def listen(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """``attend`` over the keys and values of the sound; ``bias``: (windows, 1, 1, positions)."""
    if q.device.type != "cpu":
        return attend(q, k, v, bias)
    scores = torch.bmm((q * q.shape[-1] ** -0.5).flatten(0, 1), k.transpose(2, 3).flatten(0, 1))
    if bias is not None:
        scores.view(*q.shape[:3], -1).add_(bias)
    shares = torch.softmax(scores, -1)
    return torch.bmm(shares, v.flatten(0, 1)).view(q.shape)
