"""What torch's operations of oneDNN are told."""

import torch

After = tuple[str, list[float | None], str]


def has_onednn() -> bool:
    """Whether this torch computes with oneDNN."""
    return bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]


def after(gelu: bool) -> After:
    """What a product does to its result before writing it: GELU by the error function, or nothing.

    https://github.com/pytorch/pytorch/blob/v2.13.0/aten/src/ATen/native/mkldnn/Common.h
    """
    return ("gelu", [], "none") if gelu else ("none", [], "")
