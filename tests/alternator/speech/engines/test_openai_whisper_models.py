"""Loading: every way in which a model can be missing or broken has its own remedy."""

from pathlib import Path
from typing import Any

import pytest
from unprivileged import unprivileged

torch = pytest.importorskip("torch")
whisper = pytest.importorskip("whisper")

from alternator.errors import ModelError  # noqa: E402  # after importorskip
from alternator.models.checkpoint import read_checkpoint  # noqa: E402
from alternator.progress import SILENT, Progress  # noqa: E402
from alternator.speech.engines import openai_whisper_models as models  # noqa: E402


def load_model(name: str, directory: Path) -> Any:
    """As the engine does it."""
    return models.load_model(name, directory, "cpu", progress=SILENT)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of hosts can't be resolved, wherever this runs."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", fail)


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever runs this may have models in openai-whisper's own cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-cache"))


def test_the_network_is_the_one_that_openai_whisper_loads(checkpoint: Path) -> None:
    ours = load_model(str(checkpoint), Path("/nowhere"))
    theirs = whisper.load_model(str(checkpoint), device="cpu")
    assert ours.dims == theirs.dims
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    for name, tensor in ours.state_dict().items():
        assert tensor.dtype == torch.float32
        assert torch.equal(tensor, state[name]), name
    assert torch.equal(ours.alignment_heads.to_dense(), theirs.alignment_heads.to_dense())


def test_alignment_heads_of_a_checkpoint_are_taken(checkpoint: Path, tmp_path: Path) -> None:
    content = torch.load(checkpoint, weights_only=True)
    torch.save(content | {"alignment_heads": [[0, 1], [1, 0]]}, tmp_path / "own.pt")
    made = models.network(read_checkpoint(tmp_path / "own.pt"))
    assert made.alignment_heads.to_dense().tolist() == [[False, True], [True, False]]
    assert made.alignment_heads.indices().T.tolist() == [[0, 1], [1, 0]]


def test_checkpoint_within_the_directory_of_models(checkpoint: Path) -> None:
    assert load_model("fixture.pt", checkpoint.parent) is not None
    assert load_model("fixture", checkpoint.parent) is not None


@pytest.mark.usefixtures("no_network")
def test_not_downloaded_and_no_network_names_the_file_to_bring(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"/large-v3-turbo\.pt is not there.*put the file there"):
        load_model("turbo", tmp_path)


@pytest.mark.usefixtures("no_network")
def test_half_downloaded(tmp_path: Path, checkpoint: Path) -> None:
    (tmp_path / "base.pt").write_bytes(checkpoint.read_bytes()[:5000])
    with pytest.raises(ModelError, match=r"base\.pt is damaged or incomplete"):
        load_model("base", tmp_path)


def test_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model 'bsae'; choose one of .*base.*turbo"):
        load_model("bsae", tmp_path)


def test_missing_checkpoint_and_directory(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no Whisper checkpoint 'my\.pt'"):
        load_model("my.pt", tmp_path)
    with pytest.raises(ModelError, match="is a directory"):
        load_model(str(tmp_path), tmp_path)


def test_damaged_checkpoints(tmp_path: Path, checkpoint: Path) -> None:
    whole = checkpoint.read_bytes()
    path = tmp_path / "model.pt"
    for content in (whole[: len(whole) // 2], b"", b"no checkpoint", whole[:100_000] + b"\0" * 9):
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"model\.pt is damaged, or no openai-whisper"):
            load_model(str(path), tmp_path)


def test_a_checkpoint_of_something_else(tmp_path: Path, checkpoint: Path) -> None:
    path = tmp_path / "other.pt"
    contents: tuple[object, ...] = (
        {"weights": torch.zeros(2)},
        [1, 2],
        {"dims": {}, "model_state_dict": {}},
    )
    for content in contents:
        torch.save(content, path)
        with pytest.raises(ModelError, match="no openai-whisper checkpoint"):
            load_model(str(path), tmp_path)


def test_unreadable_checkpoint(tmp_path: Path, checkpoint: Path) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(checkpoint.read_bytes())
    path.chmod(0)
    with (
        unprivileged(tmp_path),
        pytest.raises(ModelError, match="can't be read: Permission denied"),
    ):
        load_model(str(path), tmp_path)


def test_an_error_in_the_telling_of_steps_is_no_damage_to_the_model(
    tmp_path: Path, checkpoint: Path
) -> None:
    class Defective(Progress):
        def beat(self) -> None:
            raise KeyError("a defect of ours")

    (tmp_path / "base.pt").write_bytes(checkpoint.read_bytes())
    with pytest.raises(KeyError, match="a defect of ours"):
        models.load_model("base", tmp_path, "cpu", progress=Defective())
