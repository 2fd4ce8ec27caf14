"""What an operator may ask for, where, and which of two places goes first."""

import pytest

from probe.decide.overrides import Overrides, read_overrides
from probe.errors import OverrideError

BACKEND, DEVICE = "ALTERNATOR_WHISPER_BACKEND", "ALTERNATOR_WHISPER_DEVICE"
FILES_BACKEND = "[whisper] backend in alternator.toml (cuda)"


@pytest.mark.parametrize(
    ("environ", "settings", "backend", "source"),
    [
        ({}, {}, "auto", ""),
        ({BACKEND: "auto"}, {"backend": "auto", "device": "auto"}, "auto", ""),
        ({BACKEND: " ROCm "}, {}, "rocm", f"{BACKEND}=rocm"),
        ({DEVICE: "cpu"}, {}, "cpu", f"{DEVICE}=cpu"),
        # PyTorch's name for the GPUs of both makers.
        ({DEVICE: "cuda"}, {}, "gpu", f"{DEVICE}=cuda"),
        ({BACKEND: "rocm", DEVICE: "cuda"}, {}, "rocm", f"{BACKEND}=rocm"),
        ({BACKEND: "cuda", DEVICE: "cuda"}, {}, "cuda", f"{BACKEND}=cuda"),
        ({}, {"backend": "CUDA"}, "cuda", FILES_BACKEND),
        ({}, {"device": "mps"}, "mps", "[whisper] device in alternator.toml (mps)"),
        ({BACKEND: "rocm"}, {"backend": "cuda"}, "rocm", f"{BACKEND}=rocm"),
        # An empty variable is one that is not set.
        (
            {BACKEND: " "},
            {"backend": "cuda"},
            "cuda",
            FILES_BACKEND,
        ),
    ],
)
def test_the_environment_goes_before_the_file(
    environ: dict[str, str], settings: dict[str, str], backend: str, source: str
) -> None:
    wanted = read_overrides(environ, settings=settings)
    assert (wanted.backend, wanted.source, wanted.torch) == (backend, source, None)


def test_a_flag_goes_before_all_and_contradicts_nothing() -> None:
    wanted = read_overrides({BACKEND: "cuda", DEVICE: "cpu"}, backend="rocm", torch="2.11.0")
    assert wanted == Overrides(backend="rocm", torch="2.11.0", source="--backend rocm")


@pytest.mark.parametrize(
    ("torch", "line"),
    [(None, None), ("2.11", "2.11"), ("2.11.0+cu128", "2.11")],
)
def test_the_line_that_is_asked_for(torch: str | None, line: str | None) -> None:
    assert Overrides(torch=torch).line == line


@pytest.mark.parametrize(
    ("environ", "settings", "message"),
    [
        ({DEVICE: "gpu"}, {}, rf"{DEVICE}: 'gpu' is none of auto, cpu, cuda, rocm, mps"),
        ({}, {"device": "gpu"}, r"\[whisper\] device in alternator.toml: 'gpu' is none of auto"),
        (
            {BACKEND: "cuda", DEVICE: "cpu"},
            {},
            f"{BACKEND}=cuda and {DEVICE}=cpu contradict each other; unset one of them",
        ),
        (
            {BACKEND: "cpu"},
            {"device": "cuda"},
            rf"{BACKEND}=cpu and \[whisper\] device in alternator.toml \(cuda\) contradict",
        ),
    ],
)
def test_overrides_that_make_no_sense(
    environ: dict[str, str], settings: dict[str, str], message: str
) -> None:
    with pytest.raises(OverrideError, match=message):
        read_overrides(environ, settings=settings)


def test_a_flag_that_makes_no_sense() -> None:
    with pytest.raises(OverrideError, match="--backend: 'vulkan' is none of auto, cpu, cuda"):
        read_overrides({}, backend="vulkan")
