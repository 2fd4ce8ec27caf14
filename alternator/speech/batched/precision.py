"""In which type Whisper computes on a device."""

from dataclasses import dataclass
from typing import assert_never

import torch

from alternator.config.models import ComputeType
from alternator.errors import ModelError
from alternator.speech.batched.int8_engine import int8_pays

# Half precision is slower than single on NVIDIA's Pascal and before (compute capability 6).
# https://docs.nvidia.com/cuda/cuda-c-programming-guide/#arithmetic-instructions
FIRST_FAST_HALF = (7, 0)


@dataclass(frozen=True, kw_only=True)
class Precision:
    """The type of activations, caches and weights; ``int8``: linear layers have int8 weights."""

    dtype: torch.dtype
    int8: bool = False


def choose_precision(wanted: ComputeType, device: torch.device) -> Precision:
    """The precision for ``wanted`` on the device; ``auto`` is what is fastest and keeps the words.

    ModelError where the device can't compute in the type that was asked for.
    """
    match wanted:
        case "auto":
            return _best(device)
        case "float32":
            return Precision(dtype=torch.float32)
        case "float16":
            return Precision(dtype=torch.float16)
        case "bfloat16":
            return Precision(dtype=torch.bfloat16)
        case "int8":
            if device.type != "cpu":
                raise ModelError(
                    f"compute_type int8 is for the CPU, and the device is {device}; "
                    f"set [whisper] compute_type to auto"
                )
            return Precision(dtype=torch.float32, int8=True)
        case _:
            assert_never(wanted)


def _best(device: torch.device) -> Precision:
    if device.type == "cpu":
        return Precision(dtype=torch.float32, int8=int8_pays())
    if device.type == "cuda" and torch.version.hip is None:
        slow = torch.cuda.get_device_capability(device) < FIRST_FAST_HALF
        return Precision(dtype=torch.float32 if slow else torch.float16)
    return Precision(dtype=torch.float16)
