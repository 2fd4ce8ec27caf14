"""Whether and how this torch computes with int8 weights on this CPU."""

import warnings
from functools import cache

import torch

from alternator.errors import ModelError

# Best first. x86 and fbgemm are one; qnnpack is what ARM phones have.
# https://github.com/pytorch/pytorch/blob/v2.13.0/aten/src/ATen/native/quantized/cpu/qlinear_prepack.cpp
ENGINES = ("x86", "fbgemm", "onednn", "qnnpack")


def int8_engine() -> str | None:
    """The engine of this torch that computes with int8 weights, None if there is none."""
    supported = torch.backends.quantized.supported_engines
    return next((name for name in ENGINES if name in supported), None)


def use_engine() -> None:
    """Have what is packed from now on packed for that engine. ModelError if there is none."""
    engine = int8_engine()
    if engine is None:
        raise ModelError(
            f"torch {torch.__version__} has no int8 products for this machine; "
            f"set [whisper] compute_type to float32"
        )
    torch.backends.quantized.engine = engine
    _hear_warning()


@cache
def _hear_warning() -> None:
    """Quantized tensors are to go from a later torch than ours, which says so once: here.

    https://github.com/pytorch/pytorch/issues/184982
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        torch.quantize_per_tensor(torch.zeros(1), 1.0, 0, torch.quint8)


def has_fbgemm() -> bool:
    """Whether the engine is FBGEMM: x86-64 with AVX2."""
    return int8_engine() in ("x86", "fbgemm")


def int8_pays() -> bool:
    """Whether int8 is known to be faster than float32 here: measured on x86-64, nowhere else."""
    return has_fbgemm()


def whole_range() -> bool:
    """Whether inputs may use all of their 8 bits.

    Without VNNI the processor adds two products in 16 bits, which products of 8 bits can overflow:
    inputs take 7 bits then, as ``torch.ao``'s dynamic layers do everywhere (``reduce_range``).
    https://github.com/pytorch/pytorch/blob/v2.13.0/torch/ao/nn/quantized/dynamic/modules/linear.py
    """
    known = getattr(torch.cpu, "_is_vnni_supported", None)
    return bool(known and known())
