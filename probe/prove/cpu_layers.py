"""The engine's linear layers on a CPU, in forms of their own: packed, and with int8 weights.

As alternator/speech/batched/linear.py and int8_linear.py make them. Where torch lacks a library,
the plain layer is taken.
"""

import warnings
from typing import Any

from probe.prove.operands import Operands


def packed_linear(given: Operands) -> Any:
    """The linear layer for a few rows on a CPU, where oneDNN is."""
    torch = given.torch
    rows, weights, bias = given.floats(4, 64), given.floats(192, 64), given.floats(192)
    if not torch.backends.mkldnn.is_available():
        return torch.nn.functional.linear(rows, weights, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weights, 16)
    return torch.ops.mkldnn._linear_pointwise(rows, packed, bias, "none", [], "")


def int8_linear(given: Operands) -> Any:
    """The same with int8 weights, where torch has a library for it."""
    torch = given.torch
    rows, weights, bias = given.floats(4, 64), given.floats(192, 64), given.floats(192)
    if torch.backends.quantized.engine in ("none", ""):
        return torch.nn.functional.linear(rows, weights, bias)
    values, scales = in_int8(torch, weights)
    with warnings.catch_warnings():
        # A later torch is to lose it: https://github.com/pytorch/pytorch/issues/184982
        warnings.simplefilter("ignore", UserWarning)
        zeros = torch.zeros(192, dtype=torch.int64)
        made = torch._make_per_channel_quantized_tensor(values, scales, zeros, 0)
        packed = torch.ops.quantized.linear_prepack(made, bias)
    return torch.ops.quantized.linear_dynamic(rows, packed, True)


def int8_encoder(given: Operands) -> Any:
    """The same as the encoder has it, where oneDNN is."""
    torch = given.torch
    rows, weights, bias = given.floats(4, 64), given.floats(192, 64), given.floats(192)
    if not torch.backends.mkldnn.is_available():
        return torch.nn.functional.linear(rows, weights, bias)
    values, scales = in_int8(torch, weights)
    packed = torch.ops.onednn.qlinear_prepack(values, None)
    scale = float(rows.max() - rows.min()) / 127
    zero = round(-float(rows.min()) / scale)
    taken = torch.quantize_per_tensor(rows, scale, zero, torch.quint8).int_repr()
    zeros = torch.zeros(192, dtype=torch.int64)
    after: tuple[Any, ...] = (bias, 1.0, 0, torch.float32, "none", [], "")
    return torch.ops.onednn.qlinear_pointwise(taken, scale, zero, packed, scales, zeros, *after)


def in_int8(torch: Any, weights: Any) -> tuple[Any, Any]:
    """Weights as int8, and the scale of each output."""
    scales = weights.abs().amax(1) / 127
    return (weights / scales[:, None]).round().to(torch.int8), scales
