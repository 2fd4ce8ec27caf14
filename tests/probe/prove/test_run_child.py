"""The proof as a process: whatever it dies of is a verdict. test_child.py has what it computes."""

import json
import os
import time

import pytest

from probe.exit_codes import ExitCode
from probe.findings.proof import (
    LibraryLeftOut,
    ProofCrashed,
    ProofCut,
    ProofSilent,
    TorchFailed,
    TorchSeesNoGpu,
    WrongProduct,
)
from probe.prove.run_child import Verdict, prove, verdict_from_json, verdict_to_json


@pytest.fixture
def fake_torch(tmp_path, monkeypatch):
    """Puts a module named torch before the real one; returns what writes it."""

    def write(code: str) -> None:
        (tmp_path / "torch.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return write


def test_a_crash_is_a_verdict(fake_torch):
    fake_torch("import os\nprint('loading')\nos.abort()\n")
    verdict = prove("cuda")
    assert not verdict.ok
    assert verdict.why == ProofCrashed(how="killed by signal 6 (SIGABRT)")
    assert verdict.worth_keeping


def test_a_crash_in_the_product_keeps_the_version(fake_torch):
    fake_torch(
        "import os\n"
        "__version__ = '2.13.0+rocm7.2'\n"
        "class version: cuda = None; hip = '7.2.1'\n"
        "class cuda:\n"
        "    is_available = staticmethod(lambda: True)\n"
        "    get_device_name = staticmethod(lambda index: 'gfx900')\n"
        "def Generator(): os.kill(os.getpid(), 11)\n"
    )
    verdict = prove("cuda")
    assert verdict.why == ProofCrashed(how="killed by signal 11 (SIGSEGV)")
    assert (verdict.torch, verdict.hip) == ("2.13.0+rocm7.2", "7.2.1")


def test_the_child_has_no_variable_that_rocm_can_not_read(fake_torch):
    fake_torch(
        "import os\n"
        "names = sorted(name for name in os.environ if name.startswith(('HSA_', 'HIP_')))\n"
        "print(*names, flush=True)\n"
        "os._exit(1)\n"
    )
    path = {"PYTHONPATH": os.environ["PYTHONPATH"]}
    empty = dict.fromkeys(("HSA_OVERRIDE_GFX_VERSION", "HIP_VISIBLE_DEVICES"), "")
    assert prove("cuda", environ={**path, **empty}).why == ProofSilent(exit=1, last_line="")
    kept = {"HSA_OVERRIDE_GFX_VERSION": "10.3.0", "HIP_VISIBLE_DEVICES": "0"}
    said = "HIP_VISIBLE_DEVICES HSA_OVERRIDE_GFX_VERSION"
    assert prove("cuda", environ={**path, **kept}).why == ProofSilent(exit=1, last_line=said)


def test_a_hang_is_a_verdict(fake_torch):
    fake_torch("import time\ntime.sleep(60)\n")
    started = time.monotonic()
    verdict = prove("cuda", timeout_s=1)
    assert time.monotonic() - started < 10
    assert verdict.why == ProofCut(how="no answer within 1 s")
    assert not verdict.worth_keeping


def test_a_missing_library_is_a_verdict(fake_torch):
    fake_torch("raise ImportError('libcudart.so.13: cannot open shared object file')\n")
    assert prove("cuda").why == TorchFailed(
        error="ImportError", message="libcudart.so.13: cannot open shared object file"
    )


def test_a_call_of_a_library_that_was_left_out_is_a_verdict(fake_torch):
    """As the stub of a library ends the process: images/scripts/finish/stub.py."""
    line = "cufftCreate of libcufft.so.12 was called, which this image leaves out; take another."
    fake_torch(
        "import os, sys\n"
        f"print('alternator: {line}', file=sys.stderr, flush=True)\nos._exit({ExitCode.LEFT_OUT})\n"
    )
    verdict = prove("cuda")
    assert verdict.why == LibraryLeftOut(line=line)
    assert str(verdict.why) == line
    assert not verdict.worth_keeping  # the complete image may come next


def test_leaving_without_a_word_is_a_verdict(fake_torch):
    fake_torch("import os\nprint('so long', flush=True)\nos._exit(0)\n")
    verdict = prove("cuda")
    assert not verdict.ok
    assert verdict.why == ProofSilent(exit=0, last_line="so long")
    assert str(verdict.why) == "the proof ended with exit code 0: so long"


@pytest.mark.parametrize(
    "why", [None, WrongProduct(off=0.5), ProofSilent(exit=None, last_line="x"), TorchSeesNoGpu()]
)
def test_a_verdict_survives_being_written_down(why):
    verdict = Verdict(device="cuda", why=why, name="card", torch="2.13.0", ms=7)
    assert verdict_from_json(json.loads(json.dumps(verdict_to_json(verdict)))) == verdict


OLD = {
    "ok": True,
    "device": "cuda",
    "why": None,
    "name": "NVIDIA H200",
    "torch": "2.13.0+cu130",
    "cuda": "13.0",
    "hip": None,
    "encoder": "float16",
    "lasting": False,
    "ms": 7400,
}


def test_a_good_verdict_of_before_findings_had_codes_is_read():
    assert verdict_from_json(OLD) == Verdict(
        device="cuda",
        name="NVIDIA H200",
        torch="2.13.0+cu130",
        cuda="13.0",
        encoder="float16",
        ms=7400,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"ok": False, "why": "killed by signal 6 (SIGABRT)", "lasting": True},
        {"ok": False},
        {"why": "killed by signal 6 (SIGABRT)"},
        {"ok": 1},
        {"ms": None},
        {"other": 1},
    ],
)
def test_a_bad_one_of_then_is_proven_anew(change):
    assert verdict_from_json({**OLD, **change}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"why": "killed by signal 6"},  # as it was written before findings had codes
        {"why": {"code": "wrong-product"}},
        {"why": {"code": "wrong-product", "off": "much"}},
        {"why": {"code": "driver-too-old", "driver": "1", "floor": "2"}},
        {"ms": "7"},
        {"device": None},
        {"lasting": True},
    ],
)
def test_what_is_no_verdict_is_not_taken_for_one(change):
    assert verdict_from_json({**verdict_to_json(Verdict(device="cuda")), **change}) is None
    assert verdict_from_json([]) is None
