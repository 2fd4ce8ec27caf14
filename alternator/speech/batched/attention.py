"""Attention of a few queries over keys and values that stand in a cache."""

from torch import Tensor
from torch.nn import functional


def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None) -> Tensor:
    """(windows, heads, queries, head) over (windows, heads, keys, head) → the shape of ``q``.

    ``bias`` is added to the scores: (windows, 1, queries or 1, keys), minus infinity where a query
    must not look.
    """
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=bias)
