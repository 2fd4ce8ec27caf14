"""The networks that recite: what they say, and that every form of them holds the same weights."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
import whisper

from alternator.models.checkpoint import read_checkpoint
from bench.whisper import ctranslate2_format, ggml_format, hugging_face_format, weights
from bench.whisper.ggml_format import BLOCK

NAME = "small-test"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The smallest of them."""
    return weights.make(NAME, tmp_path_factory.mktemp("recited") / "small.pt")


@pytest.fixture(scope="module")
def state(checkpoint: Path) -> dict[str, torch.Tensor]:
    """Its weights."""
    content = torch.load(checkpoint, weights_only=True)
    found: dict[str, torch.Tensor] = content["model_state_dict"]
    return found


@pytest.mark.parametrize("timestamps", [True, False])
def test_whisper_recites_the_text_surely(checkpoint: Path, timestamps: bool) -> None:
    model = whisper.load_model(str(checkpoint), device="cpu")
    noise = np.random.default_rng(1).standard_normal(5 * 16000).astype(np.float32) / 10
    found = model.transcribe(
        noise,
        language="en",
        condition_on_previous_text=False,
        without_timestamps=not timestamps,
        fp16=False,
    )
    assert [segment["text"].strip() for segment in found["segments"]] == [weights.TEXT]
    assert all(segment["temperature"] == 0.0 for segment in found["segments"])
    assert all(segment["avg_logprob"] > -0.01 for segment in found["segments"])


def test_all_dimensions_recite_a_window_of_102_tokens() -> None:
    counts = {weights.tokens_a_window(weights.dimensions(name)) for name in weights.DIMENSIONS}
    assert counts == {102}


def test_one_recitation_is_counted_for_each_window() -> None:
    from bench.whisper.speed import windows

    assert windows(f" {weights.TEXT} {weights.TEXT}") == 2
    assert windows("") == 0


@pytest.mark.parametrize("form", [ctranslate2_format, hugging_face_format])
def test_folders_of_others_hold_the_same_weights(
    form, checkpoint: Path, state: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    read = read_checkpoint(form.convert(checkpoint, tmp_path / "folder"))
    assert read.weights.keys() == state.keys()
    for name, value in state.items():
        torch.testing.assert_close(read.weights[name], value, rtol=0, atol=0)


@pytest.mark.parametrize("precision", ["f32", "f16", "q8_0"])
def test_the_file_of_whisper_cpp_holds_the_same_weights(
    precision: ggml_format.Precision,
    checkpoint: Path,
    state: dict[str, torch.Tensor],
    tmp_path: Path,
) -> None:
    file = ggml_format.convert(checkpoint, tmp_path / "model.bin", precision)
    found = read_ggml(file)
    assert found.keys() == state.keys()
    for name, value in found.items():
        wanted = state[name].numpy().astype(np.float32).ravel()
        if precision == "q8_0":
            # A step, and what a scale below half precision's normal range loses in 127 of them.
            most = float(np.abs(wanted).max()) / 127 + 127 * 2**-25
            np.testing.assert_allclose(value, wanted, rtol=0, atol=most)
        else:
            np.testing.assert_array_equal(value, wanted)


def read_ggml(file: Path) -> dict[str, np.ndarray]:
    """The tensors of such a file, flat, as float32."""
    data = file.read_bytes()
    at = 0

    def take(form: str) -> tuple[int, ...]:
        nonlocal at
        values = struct.unpack_from(f"<{form}", data, at)
        at += struct.calcsize(f"<{form}")
        return values

    head = take("12i")
    assert head[0] == 0x67676D6C
    mels, bands = take("2i")
    assert (mels, bands) == (80, 201)
    at += 4 * mels * bands
    for _ in range(take("i")[0]):
        (size,) = take("i")
        at += size
    found = {}
    while at < len(data):
        rank, length, kind = take("3i")
        shape = take(f"{rank}i")
        name = data[at : at + length].decode()
        at += length
        count = int(np.prod(shape))
        if kind == 8:
            blocks = np.frombuffer(
                data, [("scale", "<f2"), ("steps", "i1", BLOCK)], count // BLOCK, at
            )
            found[name] = (blocks["scale"].astype(np.float32)[:, None] * blocks["steps"]).ravel()
            at += blocks.nbytes
        else:
            values = np.frombuffer(data, (np.float32, np.float16)[kind], count, at)
            found[name] = values.astype(np.float32)
            at += values.nbytes
    return found
