"""What the proof's child computes: a matrix product and a small Whisper encoder pass.

Both are compared with the CPU's result. Run as ``python -m probe.prove.child DEVICE``; prints
marked JSON lines (see ``run_child.py``) and exits with 0 if everything was right. torch and
whisper are imported here and nowhere else in this package.
"""

import json
import sys
from typing import Any

from probe.findings.proof import (
    ProofFinding,
    Scalar,
    TorchFailed,
    TorchSeesNoGpu,
    WrongEncoder,
    WrongProduct,
    to_json,
)
from probe.prove.run_child import MARK
from probe.prove.whisper_import import numba_stood_in

SIZE = 256  # rows and columns: enough to go through the BLAS library's real kernels
# Of the largest element. The product's is above TF32, which a site may have turned on; the
# encoder's is above what half precision loses in two layers.
PRODUCT_TOLERANCE, ENCODER_TOLERANCE = 1e-2, 5e-2
FRAMES = 128  # mel frames; the encoder's context is half of them
MELS = 80


def main(device: str) -> int:
    """Compute on ``device`` and say how it went."""
    answer: dict[str, Scalar] = {}
    try:
        import torch

        answer |= {
            "torch": str(torch.__version__),
            "cuda": torch.version.cuda,
            "hip": torch.version.hip,
        }
        _say(answer)  # a crash below must not lose which torch it was
        if device == "cuda" and not torch.cuda.is_available():
            return _say(answer, TorchSeesNoGpu())
        answer["name"] = torch.cuda.get_device_name(0) if device == "cuda" else device
        off = product_error(torch, device)
        if not off <= PRODUCT_TOLERANCE:  # also true for NaN
            return _say(answer, WrongProduct(off=off))
        half = device == "cuda"  # what Whisper runs in there
        encoder_off = encoder_error(torch, device, half)
        if encoder_off is None:
            return _say(answer, ok=True)
        answer["encoder"] = "float16" if half else "float32"
        if not encoder_off <= ENCODER_TOLERANCE:
            return _say(answer, WrongEncoder(off=encoder_off))
    except Exception as error:  # noqa: BLE001 - whatever torch raises is the verdict
        message = str(error).strip().partition("\n")[0][:200]
        return _say(answer, TorchFailed(error=type(error).__name__, message=message))
    return _say(answer, ok=True)


def product_error(torch: Any, device: str) -> float:
    """The largest difference from the CPU's product, as a part of its largest element."""
    generator = torch.Generator().manual_seed(1)
    left = torch.randn(SIZE, SIZE, generator=generator)
    right = torch.randn(SIZE, SIZE, generator=generator)
    expected = left @ right
    product = (left.to(device) @ right.to(device)).cpu()
    return float((product - expected).abs().max() / expected.abs().max())


def encoder_error(torch: Any, device: str, half: bool) -> float | None:
    """The same for a Whisper encoder of random weights; None where Whisper is not installed.

    The model is Whisper's own class with tiny dimensions, so convolution, attention and layer norm
    go through the kernels that transcription uses, in the precision that it uses.
    """
    try:
        with numba_stood_in():
            from whisper.model import ModelDimensions, Whisper
    except ImportError:
        return None
    dimensions = ModelDimensions(
        n_mels=MELS,
        n_audio_ctx=FRAMES // 2,
        n_audio_state=64,
        n_audio_head=2,
        n_audio_layer=2,
        n_vocab=64,
        n_text_ctx=8,
        n_text_state=64,
        n_text_head=2,
        n_text_layer=2,
    )
    torch.manual_seed(1)
    model = Whisper(dimensions).eval()
    mel = torch.randn(1, MELS, FRAMES, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        expected = model.embed_audio(mel)
        on_device = mel.to(device).half() if half else mel.to(device)
        result = model.to(device).embed_audio(on_device).float().cpu()
    return float((result - expected).abs().max() / expected.abs().max())


def _say(
    answer: dict[str, Scalar], finding: ProofFinding | None = None, *, ok: bool = False
) -> int:
    said = {**answer, "ok": ok, "finding": None if finding is None else to_json(finding)}
    print(MARK + json.dumps(said), flush=True)
    return 0 if ok else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m probe.prove.child DEVICE")
    sys.exit(main(sys.argv[1]))
