"""The weights are found in the package, are those of its own model, and damage has a name."""

from importlib.metadata import PathDistribution, distribution
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from alternator.errors import ConfigError  # noqa: E402  # after importorskip
from alternator.speech import silero_weights  # noqa: E402


def test_they_are_those_of_the_packages_own_model() -> None:
    file = Path(str(distribution("silero-vad").locate_file("silero_vad/data")))
    with pytest.deprecated_call():
        model = torch.jit.load(str(file / "silero_vad.jit"), map_location="cpu")
    theirs = {name: value for name, value in model.state_dict().items() if "8k" not in name}
    ours = silero_weights.silero_weights()
    same = {
        "stft.forward_basis_buffer": "_model.stft.forward_basis_buffer",
        "output.weight": "_model.decoder.decoder.2.weight",
        "output.bias": "_model.decoder.decoder.2.bias",
    }
    for number in range(4):
        for kind in ("weight", "bias"):
            name = f"_model.encoder.{number}.reparam_conv.{kind}"
            same[f"encoder.{number}.{kind}"] = name
    for name, other in same.items():
        assert np.array_equal(ours[name], theirs[other].numpy()), name
    assert sum(value.size for value in ours.values()) == sum(v.numel() for v in theirs.values())


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "missing"), (b"", "damaged"), (b"no model", "damaged"), (b"\x3a\x7f\x2a", "damaged")],
)
def test_without_them_the_message_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, why: str
) -> None:
    file = tmp_path / silero_weights.FILE
    file.parent.mkdir(parents=True)
    if content is not None:
        file.write_bytes(content)
    found = PathDistribution(tmp_path / "silero_vad-6.2.3.dist-info")
    monkeypatch.setattr(silero_weights, "distribution", lambda _name: found)
    with pytest.raises(ConfigError, match=why) as caught:
        silero_weights.silero_weights()
    assert "install the package silero-vad" in str(caught.value)


@pytest.mark.parametrize("length", [1000, 500_000, 1_246_000])
def test_a_file_that_was_cut_off_is_noticed(length: int) -> None:
    file = distribution("silero-vad").locate_file(silero_weights.FILE)
    with pytest.raises((ValueError, IndexError)):
        silero_weights.read_onnx(Path(str(file)).read_bytes()[:length])
