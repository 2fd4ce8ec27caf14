"""What the proof computes, with real torch: right on the CPU, and told where it goes wrong."""

import importlib.util
import json

import pytest

from probe.findings.proof import (
    TorchFailed,
    TorchSeesNoGpu,
    WrongDecoder,
    WrongEncoder,
    WrongProduct,
)
from probe.prove import child
from probe.prove.child import MODEL_TOLERANCE
from probe.prove.run_child import MARK, prove

torch = pytest.importorskip("torch", reason="torch is not installed here")
needs_whisper = pytest.mark.skipif(
    importlib.util.find_spec("whisper") is None, reason="openai-whisper is not installed here"
)


def test_the_cpu_agrees_with_itself() -> None:
    assert child.product_error(torch, "cpu") == 0


def test_it_says_which_torch_it_is_before_it_computes(capsys: pytest.CaptureFixture[str]) -> None:
    """A crash in the product would leave the first line alone."""
    assert child.main("cpu") == 0
    first, last = (
        json.loads(line.removeprefix(MARK)) for line in capsys.readouterr().out.splitlines()
    )
    version = {"torch": torch.__version__, "cuda": torch.version.cuda, "hip": torch.version.hip}
    assert first == {**version, "ok": False, "finding": None}
    assert {**last, **first, "ok": True} == last
    assert last["name"] == "cpu"


def test_the_cpu_is_proven_by_real_torch():
    verdict = prove("cpu")
    assert verdict.ok, verdict.why
    assert verdict.torch == torch.__version__
    assert (verdict.cuda, verdict.hip) == (torch.version.cuda, torch.version.hip)


@needs_whisper
def test_the_proof_runs_whispers_encoder():
    assert prove("cpu").encoder == "float32"


@needs_whisper
def test_a_wrong_encoder_is_a_verdict_that_lasts(tmp_path, monkeypatch):
    """Real torch and Whisper, whose convolution goes wrong from its second call on."""
    (tmp_path / "sitecustomize.py").write_text(
        "import torch\n"
        "real, calls = torch.nn.functional.conv1d, []\n"
        "def broken(*arguments, **options):\n"
        "    calls.append(1)\n"
        "    result = torch.conv1d(*arguments, **options)\n"
        "    return result if len(calls) < 3 else -result\n"
        "torch.nn.functional.conv1d = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    verdict = prove("cpu")
    assert (verdict.ok, verdict.worth_keeping) == (False, True)
    assert isinstance(verdict.why, WrongEncoder)
    assert verdict.why.off > MODEL_TOLERANCE


@needs_whisper
def test_a_wrong_decoder_is_a_verdict_that_lasts(tmp_path, monkeypatch):
    """Real torch and Whisper, whose embedding goes wrong from its second call on."""
    (tmp_path / "sitecustomize.py").write_text(
        "import torch\n"
        "real, calls = torch.nn.functional.embedding, []\n"
        "def broken(*arguments, **options):\n"
        "    calls.append(1)\n"
        "    return real(*arguments, **options) * (1 if len(calls) < 2 else -1)\n"
        "torch.nn.functional.embedding = broken\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    verdict = prove("cpu")
    assert (verdict.ok, verdict.worth_keeping) == (False, True)
    assert isinstance(verdict.why, WrongDecoder)


def test_a_gpu_that_torch_does_not_see_is_a_verdict():
    if torch.cuda.is_available():
        assert prove("cuda").ok
    else:
        verdict = prove("cuda")
        assert not verdict.ok
        assert verdict.why == TorchSeesNoGpu()
        assert verdict.torch == torch.__version__


def test_a_device_that_torch_does_not_know_is_a_verdict():
    verdict = prove("quantum")
    assert not verdict.ok
    assert isinstance(verdict.why, TorchFailed)
    assert verdict.why.error == "RuntimeError"


def test_a_wrong_product_is_a_verdict(tmp_path, monkeypatch):
    """Real torch whose .to() hands back noise, as a broken GPU would."""
    (tmp_path / "sitecustomize.py").write_text(
        "import torch\n"
        "real = torch.Tensor.to\n"
        "torch.Tensor.to = lambda self, *a, **k: real(self, *a, **k) * 1.5\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    verdict = prove("cpu")
    assert not verdict.ok
    assert isinstance(verdict.why, WrongProduct)
    assert str(verdict.why) == f"a wrong matrix product: off by {verdict.why.off:.3g}"
