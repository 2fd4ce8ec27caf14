"""Loading: every way in which a model can be missing or broken has its own remedy."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from unprivileged import unprivileged

torch = pytest.importorskip("torch")
pytest.importorskip("whisper")

from whisper.audio import HOP_LENGTH  # noqa: E402  # after importorskip

from alternator.errors import ConfigError, ModelError  # noqa: E402
from alternator.media.audio import Samples, decode  # noqa: E402
from alternator.speech.engines.openai_whisper import find_model, language_code, load_model  # noqa: E402
from alternator.speech.spectrogram import spectrogram  # noqa: E402


def nothing() -> None:
    """Progress that nobody looks at."""


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of hosts can't be resolved, wherever this runs."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", fail)


def test_checkpoint_by_path_and_within_the_directory_of_models(checkpoint: Path) -> None:
    engine = load_model(str(checkpoint), Path("/nowhere"), "cpu", nothing)
    assert engine.device == "cpu"
    assert find_model("fixture.pt", checkpoint.parent) == str(checkpoint)


@pytest.mark.usefixtures("no_network")
def test_not_downloaded_and_no_network_names_the_file_to_bring(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"/large-v3-turbo\.pt is not there.*put the file there"):
        load_model("turbo", tmp_path, "cpu", nothing)


@pytest.mark.filterwarnings("ignore:.*checksum does not match")
@pytest.mark.usefixtures("no_network")
def test_half_downloaded(tmp_path: Path, checkpoint: Path) -> None:
    (tmp_path / "base.pt").write_bytes(checkpoint.read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"base\.pt is damaged or incomplete"):
        load_model("base", tmp_path, "cpu", nothing)


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'bsae'; choose one of .*base.*turbo"):
        load_model("bsae", tmp_path, "cpu", nothing)


def test_missing_checkpoint_and_directory(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no Whisper checkpoint 'my\.pt'"):
        find_model("my.pt", tmp_path)
    with pytest.raises(ModelError, match="is a directory"):
        find_model(str(tmp_path), tmp_path)


def test_damaged_checkpoints(tmp_path: Path, checkpoint: Path) -> None:
    whole = checkpoint.read_bytes()
    path = tmp_path / "model.pt"
    for content in (whole[: len(whole) // 2], b"", b"no checkpoint", whole[:100_000] + b"\0" * 9):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"model\.pt is damaged, or no openai-whisper"):
            load_model(str(path), tmp_path, "cpu", nothing)


def test_a_checkpoint_of_something_else(tmp_path: Path, checkpoint: Path) -> None:
    path = tmp_path / "other.pt"
    for content in ({"weights": torch.zeros(2)}, [1, 2], {"dims": {}, "model_state_dict": {}}):
        torch.save(content, path)
        with pytest.raises(ModelError, match="no openai-whisper checkpoint"):
            load_model(str(path), tmp_path, "cpu", nothing)


def test_unreadable_checkpoint(tmp_path: Path, checkpoint: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(checkpoint.read_bytes())
    path.chmod(0)
    with (
        unprivileged(tmp_path),
        pytest.raises(ModelError, match="can't be read: Permission denied"),
    ):
        load_model(str(path), tmp_path, "cpu", nothing)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (None, None),
        ("de", "de"),
        ("German", "de"),
        (" GERMAN ", "de"),
        ("pt-BR", "pt"),
        ("zh_TW", "zh"),
        ("Mandarin", "zh"),
    ],
)
def test_languages(name: str | None, code: str | None) -> None:
    assert language_code(name) == code


def test_unknown_language() -> None:
    with pytest.raises(ConfigError, match=r"no language 'Klingon'.*code such as en"):
        language_code("Klingon")


def test_silence_is_not_even_asked_about(checkpoint: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Larger models invent text for a track of zeros; the small one here does not."""
    engine = load_model(str(checkpoint), Path("/nowhere"), "cpu", nothing)
    monkeypatch.setattr("whisper.transcribe", lambda *_, **__: pytest.fail("the model was asked"))
    transcript = engine.transcribe(np.zeros(32_000, dtype=np.float32), {"language": "German"})
    assert (transcript.text, transcript.language, transcript.duration) == ("", "de", 2.0)
    assert transcript.segments == ()


def test_progress_is_told(checkpoint: Path) -> None:
    steps: list[int] = []
    engine = load_model(str(checkpoint), Path("/nowhere"), "cpu", lambda: steps.append(1))
    noise = np.random.default_rng(0).normal(0, 0.1, 40 * 16_000).astype(np.float32)
    assert engine.transcribe(noise, {"temperature": 0.0}).text == ""
    assert len(steps) >= 4  # encoder and decoder, for two windows of 30 s


def test_a_clip_of_several_blocks_is_heard_as_a_whole(
    checkpoint: Path, speak: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = load_model(str(checkpoint), Path("/nowhere"), "cpu", nothing)
    samples = decode(speak("The children are playing in the garden."))
    whole = engine.transcribe(samples, {"language": "en"})
    blocks: list[int] = []

    def in_blocks(samples: Samples, n_mels: int, padding: int) -> object:
        blocks.append(len(samples) // HOP_LENGTH // 50)
        return spectrogram(samples, n_mels, padding, block_frames=50)

    monkeypatch.setattr(sys.modules["whisper.transcribe"], "log_mel_spectrogram", in_blocks)
    assert engine.transcribe(samples, {"language": "en"}).text == whole.text
    assert whole.text == "The children are playing in the garden."
    assert blocks[0] > 3


def test_the_worker_makes_spectrograms_block_by_block(checkpoint: Path) -> None:
    load_model(str(checkpoint), Path("/nowhere"), "cpu", nothing)
    assert sys.modules["whisper.transcribe"].log_mel_spectrogram is spectrogram
