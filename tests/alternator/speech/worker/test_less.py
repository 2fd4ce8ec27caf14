"""The steps down from what is configured."""

from pathlib import Path

import pytest

from alternator.config.models import ComputeType
from alternator.speech.engines.engine import LoadOptions
from alternator.speech.worker.less import Less, less_than, lessened, told
from alternator.speech.worker.protocol import Load, Ready


def load(device: str = "auto", compute_type: ComputeType = "auto", batch_size: int = 0) -> Load:
    options = LoadOptions(
        model_dir=Path("/m"),
        compute_type=compute_type,
        batch_size=batch_size,
        proven_device="cuda",
    )
    return Load(engine="alternator", model="base", device=device, options=options)


def steps(load: Load, ready: Ready | None) -> list[str]:
    """All of them, as they are told and as they are loaded."""
    found = []
    less = Less.NOTHING
    while following := less_than(less, load, ready):
        less = following
        smaller = lessened(load, less, ready)
        options = smaller.options
        found.append(
            f"{told(less, load, ready)} ({smaller.device} {options.compute_type} "
            f"{options.batch_size})"
        )
    return found


@pytest.mark.parametrize(
    ("given", "ready", "expected"),
    [
        (
            load(),
            Ready(device="cuda", batch_size=64, compute_type="float16"),
            [
                "alone, with batches of 32 (auto auto 32)",
                "alone, with batches of 32, on the CPU (cpu auto 32)",
            ],
        ),
        (
            load("cuda:1", "float32"),
            Ready(device="cuda:1", batch_size=2, compute_type="float32"),
            [
                "alone, with batches of 1 (cuda:1 float32 1)",
                "alone, with batches of 1, in float16 (cuda:1 float16 1)",
                "alone, with batches of 1, on the CPU (cpu auto 1)",
            ],
        ),
        (
            load(),
            Ready(device="cpu", batch_size=8, compute_type="int8"),
            ["alone, with batches of 4 (auto auto 4)"],
        ),
        # openai-whisper: no batch, and a precision that is its own.
        (load(), Ready(device="cpu"), ["alone (auto auto 1)"]),
        (load(), Ready(device="cuda"), ["alone (auto auto 1)", "alone, on the CPU (cpu auto 1)"]),
        (
            load(),
            Ready(device="cpu", batch_size=8, compute_type="float32"),
            [
                "alone, with batches of 4 (auto auto 4)",
                "alone, with batches of 4, in int8 (auto int8 4)",
            ],
        ),
        # It could not even be loaded.
        (
            load("cuda", batch_size=16),
            None,
            ["alone (cuda auto 8)", "alone, on the CPU (cpu auto 8)"],
        ),
        (
            load(),
            None,
            [
                "alone (auto auto 1)",
                "alone, in int8 (auto int8 1)",
                "alone, on the CPU (cpu auto 1)",
            ],
        ),
        (load("cpu", "int8"), None, ["alone (cpu int8 1)"]),
    ],
)
def test_each_step_changes_something(given: Load, ready: Ready | None, expected: list[str]) -> None:
    assert steps(given, ready) == expected


def test_what_is_configured_is_left_as_it_is() -> None:
    assert lessened(load("cuda", "float32", 4), Less.NOTHING, None) == load("cuda", "float32", 4)


def test_the_cpu_is_no_proven_gpu() -> None:
    smaller = lessened(load(), Less.CPU, None)
    assert (smaller.device, smaller.options.proven_device) == ("cpu", None)
