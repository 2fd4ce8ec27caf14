"""Files that torch.save wrote: openai-whisper's, a trainer's, and those that are something else."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import model_forms
import pytest
import torch

from alternator.errors import ModelError
from alternator.models.forms.hugging_face_names import theirs
from alternator.models.forms.openai import read
from alternator.models.weights import Checkpoint

Content = dict[str, object]


@pytest.fixture(scope="module")
def original() -> Checkpoint:
    return model_forms.random_checkpoint(state=128, heads=2, layers=(1, 2))


def openai_form(original: Checkpoint) -> Content:
    """As openai-whisper's files are."""
    return {"dims": dict(vars(original.dimensions)), "model_state_dict": dict(original.weights)}


def saved(content: object, path: Path) -> Path:
    torch.save(content, path)
    return path


def same(found: Checkpoint, original: Checkpoint) -> bool:
    return (
        found.dimensions == original.dimensions
        and list(found.weights) == list(original.weights)
        and all(torch.equal(found.weights[name], original.weights[name]) for name in found.weights)
    )


def test_openai_whispers_own_file(tmp_path: Path, original: Checkpoint) -> None:
    found = read(saved(openai_form(original), tmp_path / "model.pt"))
    assert same(found, original)
    assert (found.form, found.notes) == ("openai-whisper checkpoint", ())
    assert found.alignment_heads is None


def under(key: str) -> Callable[[Checkpoint], Content]:
    """The weights under another key, the dimensions beside them."""
    return lambda original: {
        "dims": dict(vars(original.dimensions)),
        "step": 7,
        key: dict(original.weights),
    }


def prefixed(original: Checkpoint) -> Content:
    """As torch's DataParallel and lightning name them."""
    return {
        "epoch": 3,
        "state_dict": {f"model.module.{name}": value for name, value in original.weights.items()},
        "optimizer": {"state": {}, "param_groups": [{"lr": 1e-5}]},
    }


def transformers(original: Checkpoint) -> Content:
    """As transformers' network names them."""
    return {f"model.{theirs(name)}": value for name, value in original.weights.items()}


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (under("state_dict"), "its weights stand under 'state_dict'"),
        (under("model"), "its weights stand under 'model'"),
        (lambda original: {"checkpoint": under("model")(original)}, "under 'checkpoint.model'"),
        (prefixed, "its dimensions are told by its weights"),
        (transformers, "it is the weights alone"),
        (lambda original: dict(original.weights), "it is the weights alone"),
    ],
)
def test_a_trainers_file_is_read_and_what_is_odd_is_told(
    tmp_path: Path, original: Checkpoint, made: Callable[[Checkpoint], Content], words: str
) -> None:
    found = read(saved(made(original), tmp_path / "model.pt"))
    assert same(found, original)
    assert found.form == "checkpoint with Whisper's weights"
    assert any(words in note for note in found.notes)


def test_one_weight_more_is_passed_over_with_a_note(tmp_path: Path, original: Checkpoint) -> None:
    content = openai_form(original)
    content["model_state_dict"] = dict(original.weights) | {"speaker.bias": torch.zeros(3)}
    content["trainer"] = "somebody's"
    found = read(saved(content, tmp_path / "model.pt"))
    assert same(found, original)
    assert found.notes == ("passed over, since Whisper has no such weights: speaker.bias",)


def test_what_the_network_makes_by_itself_is_no_news(tmp_path: Path, original: Checkpoint) -> None:
    content = openai_form(original)
    content["model_state_dict"] = dict(original.weights) | {"decoder.mask": torch.zeros(448, 448)}
    assert read(saved(content, tmp_path / "model.pt")).notes == ()


def test_openais_own_key_goes_before_another(tmp_path: Path, original: Checkpoint) -> None:
    average = {name: torch.zeros_like(value) for name, value in original.weights.items()}
    found = read(saved({"average": average, **openai_form(original)}, tmp_path / "model.pt"))
    assert same(found, original)


def test_a_file_of_before_torch_1_6(tmp_path: Path, original: Checkpoint) -> None:
    path = tmp_path / "model.pt"
    torch.save(openai_form(original), path, _use_new_zipfile_serialization=False)
    assert same(read(path), original)


def test_the_weights_stay_in_the_file(tmp_path: Path, original: Checkpoint) -> None:
    path = saved(openai_form(original), tmp_path / "model.pt")
    found = read(path)
    maps = Path(f"/proc/{os.getpid()}/maps").read_text()
    assert str(path) in maps
    assert same(found, original)


def test_a_pickle_with_code_in_it_is_not_run(tmp_path: Path) -> None:
    trap = tmp_path / "run"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return os.mkdir, (str(trap),)

    path = saved({"dims": {}, "model_state_dict": Trap()}, tmp_path / "zip.pt")
    plain = tmp_path / "plain.pt"
    plain.write_bytes(pickle.dumps(Trap(), protocol=2))
    with pytest.raises(ModelError, match=r"holds more than weights, namely posix\.mkdir"):
        read(path)
    with pytest.raises(ModelError, match=r"plain\.pt (holds more|is damaged)"):
        read(plain)
    assert not trap.exists()


def test_missing_and_misshapen_weights_are_named(tmp_path: Path, original: Checkpoint) -> None:
    content = openai_form(original)
    weights = dict(original.weights)
    content["model_state_dict"] = weights
    del weights["encoder.conv2.bias"]
    with pytest.raises(ModelError, match=r"it lacks encoder\.conv2\.bias; copy it again"):
        read(saved(content, tmp_path / "model.pt"))
    weights["encoder.conv2.bias"] = torch.zeros(127)
    with pytest.raises(ModelError, match=r"encoder\.conv2\.bias is 127 and not 128"):
        read(saved(content, tmp_path / "model.pt"))
    weights["encoder.conv2.bias"] = torch.zeros(128, dtype=torch.int8)
    with pytest.raises(ModelError, match=r"no floating point: encoder\.conv2\.bias"):
        read(saved(content, tmp_path / "model.pt"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_text_head": None}, "its n_text_head is None"),
        ({"n_text_layer": 10**9}, "its n_text_layer is 1000000000"),
        ({"n_text_head": 3}, "n_text_head does not divide n_text_state"),
        ({"n_vocab": 32000}, "vocabulary of 32000 tokens"),
        ({"n_text_state": 256}, "its encoder is 128 wide, its decoder 256"),
        ({"n_audio_layer": 2}, r"lacks encoder\.blocks\.1\.attn\.query\.weight.*and \d+ more"),
    ],
)
def test_dimensions_that_can_not_be(
    tmp_path: Path, original: Checkpoint, change: Content, words: str
) -> None:
    content = openai_form(original)
    content["dims"] = vars(original.dimensions) | change
    with pytest.raises(ModelError, match=words):
        read(saved(content, tmp_path / "model.pt"))


def test_dimensions_without_one_of_them(tmp_path: Path, original: Checkpoint) -> None:
    content = openai_form(original)
    content["dims"] = {"n_mels": 80}
    with pytest.raises(
        ModelError, match=r"no openai-whisper checkpoint: its dimensions lack n_aud"
    ):
        read(saved(content, tmp_path / "model.pt"))
    content["dims"] = "base"
    with pytest.raises(ModelError, match="its dimensions are none"):
        read(saved(content, tmp_path / "model.pt"))
