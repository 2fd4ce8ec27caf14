"""How torch is told to compute, the same in the proof and in the speech engine.

The lean CUDA image leaves libraries out that no transcription calls (docs/images.md), so a proof
by other means than the engine's would prove nothing. torch is handed in: nothing here imports it.
"""

from typing import Any

# To be in the environment before torch is imported: what Apple's GPUs have no kernel for is then
# computed on the CPU, with a warning, where it would end with an error. Without effect elsewhere.
# https://docs.pytorch.org/docs/stable/mps_environment_variables.html
MPS_FALLBACK = {"PYTORCH_ENABLE_MPS_FALLBACK": "1"}


def without_cudnn(torch: Any) -> None:
    """Have torch compute convolutions and attention by its own kernels and cuBLAS.

    Two switches, because attention has one of its own: on Hopper and Blackwell cuDNN's goes before
    torch's whatever ``cudnn.enabled`` says.
    https://github.com/pytorch/pytorch/blob/001f694aef6f/aten/src/ATen/native/transformers/cuda/sdp_utils.cpp
    On ROCm the first one means MIOpen, which the image for AMD GPUs has: nothing is switched there,
    nor on the CPU and MPS.
    https://docs.pytorch.org/docs/stable/notes/hip.html
    """
    if torch.version.cuda is None:
        return
    torch.backends.cudnn.enabled = False
    torch.backends.cuda.enable_cudnn_sdp(False)
