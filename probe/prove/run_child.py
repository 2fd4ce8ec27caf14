"""Proves a device in a child process: only a child may die of it.

``torch.cuda.is_available()`` can be true where the first product aborts the process
(https://github.com/pytorch/pytorch/issues/179865), so nothing less than computing counts. A crash,
a hang and a wrong result are verdicts with a reason. What the child computes is in ``child.py``.
"""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from probe.exit_codes import ExitCode
from probe.findings.proof import (
    LibraryLeftOut,
    ProofCrashed,
    ProofCut,
    ProofFinding,
    ProofSilent,
    from_json,
    to_json,
)
from probe.machine.command import run_bounded
from probe.machine.outcome import Outcome
from probe.tables.visibility import readable

# Seconds. Importing torch from a cold disk and waking a GPU take tens of seconds on slow machines.
TIMEOUT_S = 180.0
MARK = "alternator-proof:"  # libraries print to stdout as well
LAST_LINE = 200  # characters that are kept of it
STUB_MARK, STUB_LINE = "alternator: ", 300  # how a stub's line starts; characters kept of it


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether a device computes, and with which torch. ``why`` is what failed."""

    device: str
    why: ProofFinding | None = None
    name: str | None = None  # the device's own name
    torch: str | None = None
    cuda: str | None = None  # torch.version.cuda
    hip: str | None = None  # torch.version.hip
    encoder: str | None = None  # "float16" or "float32"; None where no Whisper pass was made
    ms: int = 0

    @property
    def ok(self) -> bool:
        """Whether the device computes."""
        return self.why is None

    @property
    def worth_keeping(self) -> bool:
        """Whether another proof would end the same way."""
        return self.why is None or self.why.lasting


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
        environ=readable(os.environ if environ is None else environ),
    )
    answer = _answer(outcome.text)
    return Verdict(
        device=device,
        why=_failure(outcome, answer),
        name=_text(answer, "name"),
        torch=_text(answer, "torch"),
        cuda=_text(answer, "cuda"),
        hip=_text(answer, "hip"),
        encoder=_text(answer, "encoder"),
        ms=outcome.ms,
    )


def _failure(outcome: Outcome, answer: Mapping[str, object]) -> ProofFinding | None:
    """What failed; None where the child ended well and says that all was right."""
    if outcome.failure is not None:
        kind = ProofCrashed if outcome.failure == "signal" else ProofCut
        return kind(how=outcome.why or outcome.failure)
    if outcome.exit == ExitCode.LEFT_OUT:
        return LibraryLeftOut(line=_stub_line(outcome.text))
    said = from_json(answer.get("finding"))
    if said is not None:
        return said
    if outcome.exit == 0 and answer.get("ok") is True:
        return None
    last_line = outcome.text.strip().rpartition("\n")[2][:LAST_LINE]
    return ProofSilent(exit=outcome.exit, last_line=last_line)


def _stub_line(text: str) -> str:
    """What the stub of a library that was left out printed (images/scripts/finish/stub.py)."""
    for line in reversed(text.splitlines()):
        if line.startswith(STUB_MARK):
            return line.removeprefix(STUB_MARK)[:STUB_LINE]
    return "a library was called that this image leaves out"


def _answer(text: str) -> dict[str, object]:
    """The last marked line of the child's output; it says what torch it is before it computes."""
    for line in reversed(text.splitlines()):
        if line.startswith(MARK):
            try:
                answer = json.loads(line.removeprefix(MARK))
            except ValueError:
                return {}
            return answer if isinstance(answer, dict) else {}
    return {}


def _text(answer: Mapping[str, object], key: str) -> str | None:
    value = answer.get(key)
    return value if isinstance(value, str) else None


OLD_KEYS = Verdict.__dataclass_fields__.keys() | {"ok", "lasting"}


def verdict_to_json(verdict: Verdict) -> dict[str, object]:
    """The verdict as an object that ``verdict_from_json`` reads."""
    why = None if verdict.why is None else to_json(verdict.why)
    return {**vars(verdict), "why": why}


def verdict_from_json(data: object) -> Verdict | None:
    """The verdict of ``verdict_to_json``; None for anything else.

    One of before findings had codes is read where it is good: its failures are only words.
    """
    if not isinstance(data, dict):
        return None
    is_old = data.keys() == OLD_KEYS and data["ok"] is True
    if not is_old and data.keys() != Verdict.__dataclass_fields__.keys():
        return None
    why, device, ms = from_json(data["why"]), data["device"], data["ms"]
    broken = why is None and data["why"] is not None
    if broken or not isinstance(device, str) or not isinstance(ms, int):
        return None
    return Verdict(
        device=device,
        why=why,
        name=_text(data, "name"),
        torch=_text(data, "torch"),
        cuda=_text(data, "cuda"),
        hip=_text(data, "hip"),
        encoder=_text(data, "encoder"),
        ms=ms,
    )
