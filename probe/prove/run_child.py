"""Proves a device in a child process: only a child may die of it.

``torch.cuda.is_available()`` can be true where the first product aborts the process, so nothing
less than computing counts. A crash, a hang and a wrong result are verdicts with a reason. What the
child computes is in ``proof.py``.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probe.machine.command import run_bounded

# Seconds. Importing torch from a cold disk and waking a GPU take tens of seconds on slow machines.
TIMEOUT_S = 180.0
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
    encoder: str | None = None  # "float16" or "float32"; None where no Whisper pass was made
    # The failure is the hardware's or the build's, and would come again: a crash, a wrong result.
    lasting: bool = False
    ms: int = 0


def prove(
    device: str, timeout_s: float = TIMEOUT_S, environ: Mapping[str, str] | None = None
) -> Verdict:
    """Run the proof for ``device`` in a child, for at most ``timeout_s`` seconds.

    The child has the environment ``environ`` (this process's where it is None), so its
    ``CUDA_VISIBLE_DEVICES`` holds for it. Never raises for what happens in it.
    """
    outcome = run_bounded(
        (sys.executable, "-m", "probe.prove.child", device),
        timeout_s=timeout_s,
        environ=os.environ if environ is None else environ,
    )
    answer = _answer(outcome.text)
    why = outcome.why or answer.get("why")
    if why is None and (outcome.exit != 0 or answer.get("ok") is not True):
        last_line = outcome.text.strip().rpartition("\n")[2][:200]
        why = f"the proof ended with exit code {outcome.exit}: {last_line}"
    crashed = outcome.failure == "signal"
    return Verdict(
        ok=why is None,
        device=device,
        why=why,
        name=answer.get("name"),
        torch=answer.get("torch"),
        cuda=answer.get("cuda"),
        hip=answer.get("hip"),
        encoder=answer.get("encoder"),
        lasting=crashed or answer.get("wrong") is True,
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
