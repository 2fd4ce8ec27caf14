"""What the proof's child computes: a matrix product, each operation of the speech engine, and
a pass through a small Whisper of openai-whisper's.

All are compared with the CPU's result, and computed as the engines compute (``operations.py``). Run
as ``python -m probe.prove.child DEVICE``; prints
marked JSON lines (see ``run_child.py``) and exits with 0 if everything was right. torch and
whisper are imported here and nowhere else in this package.
"""

import json
import os
import sys
from typing import Any

from probe.findings.proof import (
    OperationFailed,
    ProofFinding,
    Scalar,
    TorchFailed,
    TorchSeesNoGpu,
    WrongDecoder,
    WrongEncoder,
    WrongOperation,
    WrongProduct,
    to_json,
)
from probe.prove.engine_operations import TOLERANCE, error_of, operations_of
from probe.prove.operations import MPS_FALLBACK, without_cudnn
from probe.prove.run_child import MARK
from probe.prove.whisper_import import numba_stood_in

SIZE = 256  # rows and columns: enough to go through the BLAS library's real kernels
# Of the largest element. The product's is above TF32, which a site may have turned on; the
# model's is above what half precision loses in two layers of each half.
PRODUCT_TOLERANCE, MODEL_TOLERANCE = 1e-2, 5e-2
FRAMES = 128  # mel frames; the encoder's context is half of them
MELS = 80
VOCABULARY = 64
TOKENS = (1, 5, 9, 13)


def main(device: str) -> int:
    """Compute on ``device`` and say how it went."""
    answer: dict[str, Scalar] = {}
    os.environ.update({**MPS_FALLBACK, **os.environ})
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
        without_cudnn(torch)
        answer["name"] = torch.cuda.get_device_name(0) if device == "cuda" else device
        off = product_error(torch, device)
        if not off <= PRODUCT_TOLERANCE:  # also true for NaN
            return _say(answer, WrongProduct(off=off))
        wrong = engines_finding(torch, device, answer)
        if wrong is not None:
            return _say(answer, wrong)
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
    return off_by(left.to(device) @ right.to(device), expected)


def engines_finding(torch: Any, device: str, answer: dict[str, Scalar]) -> ProofFinding | None:
    """What is wrong with openai-whisper's classes on the device, else with the engine's operations.

    ``answer`` learns the precision. An error in the former is told by the operation that fails.
    """
    half = device != "cpu"  # what Whisper runs in there
    # openai-whisper's class holds a sparse tensor, which MPS has none of.
    # https://github.com/openai/whisper/blob/v20250625/whisper/model.py (alignment_heads)
    if device != "mps":
        try:
            errors = model_errors(torch, device, half)
        except Exception:
            wrong = wrong_operation(torch, device, half)
            if wrong is None:
                raise
            return wrong
        if errors is None:  # no speech engine of ours runs without that package
            return None
        answer["encoder"] = "float16" if half else "float32"
        encoder_off, decoder_off = errors
        if not encoder_off <= MODEL_TOLERANCE:
            return WrongEncoder(off=encoder_off)
        if not decoder_off <= MODEL_TOLERANCE:
            return WrongDecoder(off=decoder_off)
    return wrong_operation(torch, device, half)


def wrong_operation(torch: Any, device: str, half: bool) -> ProofFinding | None:
    """The first operation of the engine that the device lacks, or computes wrongly."""
    for name, operation in operations_of(device):
        try:
            off = error_of(torch, operation, device, half=half)
        except Exception as error:  # noqa: BLE001 - whatever torch raises is the verdict
            message = str(error).strip().partition("\n")[0][:200]
            return OperationFailed(operation=name, error=type(error).__name__, message=message)
        if not off <= TOLERANCE:  # also true for NaN
            return WrongOperation(operation=name, off=off)
    return None


def model_errors(torch: Any, device: str, half: bool) -> tuple[float, float] | None:
    """The same for a Whisper of random weights: its encoder's and its decoder's.

    None where Whisper is not installed. The model is Whisper's own class with tiny dimensions, so
    convolution, attention, layer norm and the product with the vocabulary go through the kernels
    that transcription uses, in the precision that it uses; so does the drawing of a token, and the
    sorting by which words get their times.
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
        n_vocab=VOCABULARY,
        n_text_ctx=8,
        n_text_state=64,
        n_text_head=2,
        n_text_layer=2,
    )
    torch.manual_seed(1)
    model = Whisper(dimensions).eval()
    mel = torch.randn(1, MELS, FRAMES, generator=torch.Generator().manual_seed(2))
    # Some are left as the memory was.
    torch.nn.init.normal_(model.decoder.positional_embedding, std=0.1)
    tokens = torch.tensor([TOKENS])
    with torch.no_grad():
        encoded = model.embed_audio(mel)
        logits = model.logits(tokens, encoded)
        model.to(device)
        on_device = model.embed_audio(mel.to(device).half() if half else mel.to(device))
        scores = model.logits(tokens.to(device), on_device)
        torch.distributions.Categorical(logits=scores).sample()
        scores.unfold(-1, 7, 1).sort()
    return off_by(on_device, encoded), off_by(scores, logits)


def off_by(result: Any, expected: Any) -> float:
    """The largest difference, as a part of the largest element expected."""
    return float((result.float().cpu() - expected).abs().max() / expected.abs().max())


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
