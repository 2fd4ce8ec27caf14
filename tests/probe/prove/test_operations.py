"""The switches that proof and engine share: set on a CUDA build, left alone elsewhere."""

from types import SimpleNamespace

import torch

from probe.prove.operations import without_cudnn


def build(*, cuda: str | None) -> SimpleNamespace:
    """What is touched of a torch of that build; ``attention`` says whether cuDNN's may be used."""
    made = SimpleNamespace(attention=True)
    made.version = SimpleNamespace(cuda=cuda)
    switch = SimpleNamespace(enable_cudnn_sdp=lambda wanted: setattr(made, "attention", wanted))
    made.backends = SimpleNamespace(cudnn=SimpleNamespace(enabled=True), cuda=switch)
    return made


def test_a_cuda_build_computes_without_cudnn():
    made = build(cuda="13.0")
    without_cudnn(made)
    assert not made.backends.cudnn.enabled
    assert not made.attention


def test_other_builds_keep_theirs():
    made = build(cuda=None)
    without_cudnn(made)
    assert made.backends.cudnn.enabled
    assert made.attention


def test_torch_has_both_switches():
    assert isinstance(torch.backends.cudnn.enabled, bool)
    assert callable(torch.backends.cuda.enable_cudnn_sdp)
