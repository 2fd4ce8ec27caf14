"""Proves a device: a small matrix product on it, compared with the CPU's, in a child process.

``torch.cuda.is_available()`` can be true where the first product aborts the process, so nothing
less than the product counts, and only a child may die of it. A crash, a hang and a wrong result
are verdicts with a reason.
"""

import json
import os
import sys
from dataclasses import dataclass
from typing import Any

from probe.command import run_bounded

# Seconds. Importing torch from a cold disk and waking a GPU take tens of seconds on slow machines.
TIMEOUT_S = 180.0
SIZE = 256  # rows and columns: enough to go through the BLAS library's real kernels
TOLERANCE = 1e-2  # of the largest element: above TF32, which a site may have turned on
MARK = "alternator-proof:"  # libraries print to stdout as well


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a device computes, and with which torch. ``why`` says what failed."""

    ok: bool
    device: str
    why: str | None = None
    name: str | None = None  # the device's own name
    torch: str | None = None
    cuda: str | None = None  # torch.version.cuda
    hip: str | None = None  # torch.version.hip
    ms: int = 0


def prove(device: str, timeout_s: float = TIMEOUT_S) -> Verdict:
    """Run the proof for ``device`` ("cpu" or "cuda") in a child of at most ``timeout_s`` seconds.

    The child has this process's environment, so ``CUDA_VISIBLE_DEVICES`` holds for it. Never
    raises for what happens in it.
    """
    outcome = run_bounded(
        (sys.executable, "-m", "probe.prove", "--child", device),
        timeout_s=timeout_s,
        environ=os.environ,
    )
    answer = _answer(outcome.text)
    why = outcome.why or answer.get("why")
    if why is None and (outcome.exit != 0 or answer.get("ok") is not True):
        last_line = outcome.text.strip().rpartition("\n")[2][:200]
        why = f"the proof ended with exit code {outcome.exit}: {last_line}"
    return Verdict(
        ok=why is None,
        device=device,
        why=why,
        name=answer.get("name"),
        torch=answer.get("torch"),
        cuda=answer.get("cuda"),
        hip=answer.get("hip"),
        ms=outcome.ms,
    )


def _answer(text: str) -> dict[str, Any]:
    """The last marked line of the child's output; it says what torch it is before it computes."""
    for line in reversed(text.splitlines()):
        if line.startswith(MARK):
            try:
                answer = json.loads(line.removeprefix(MARK))
            except ValueError:
                return {}
            return answer if isinstance(answer, dict) else {}
    return {}


def _child(device: str) -> int:
    """What runs in the child: exit code 0 and a marked JSON line if the product is right."""
    answer: dict[str, Any] = {"ok": False}
    try:
        import torch

        answer |= {
            "torch": str(torch.__version__),
            "cuda": torch.version.cuda,
            "hip": torch.version.hip,
        }
        _say(answer)  # a crash below must not lose which torch it was
        if device == "cuda" and not torch.cuda.is_available():
            return _say({**answer, "why": "PyTorch sees no GPU (torch.cuda.is_available())"})
        answer["name"] = torch.cuda.get_device_name(0) if device == "cuda" else device
        generator = torch.Generator().manual_seed(1)
        left = torch.randn(SIZE, SIZE, generator=generator)
        right = torch.randn(SIZE, SIZE, generator=generator)
        expected = left @ right
        product = (left.to(device) @ right.to(device)).cpu()
        error = float((product - expected).abs().max() / expected.abs().max())
        if not error <= TOLERANCE:  # also true for NaN
            return _say({**answer, "why": f"a wrong matrix product: off by {error:.3g}"})
    except Exception as error:  # whatever torch raises is the verdict
        message = str(error).strip().partition("\n")[0][:200]
        return _say({**answer, "why": f"{type(error).__name__}: {message}"})
    return _say({**answer, "ok": True})


def _say(answer: dict[str, Any]) -> int:
    print(MARK + json.dumps(answer), flush=True)
    return 0 if answer["ok"] else 1


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "--child":
        sys.exit("usage: python -m probe.prove --child DEVICE")
    sys.exit(_child(sys.argv[2]))
