"""Loading: every way in which a model can be missing or broken has its own remedy."""

import sys
from pathlib import Path

import pytest
from unprivileged import unprivileged

torch = pytest.importorskip("torch")
pytest.importorskip("whisper")

from alternator.errors import ModelError  # noqa: E402  # after importorskip
from alternator.speech.engines import openai_whisper_models as models  # noqa: E402
from alternator.speech.engines.openai_whisper_models import find_model  # noqa: E402


def load_model(name: str, directory: Path) -> object:
    """As the engine does it."""
    return models.load_model(find_model(name, directory), directory, "cpu", lambda: None)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names of hosts can't be resolved, wherever this runs."""

    def fail(*_: object, **__: object) -> None:
        raise OSError(-2, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", fail)


def test_checkpoint_by_path_and_within_the_directory_of_models(checkpoint: Path) -> None:
    assert load_model(str(checkpoint), Path("/nowhere")) is not None
    assert find_model("fixture.pt", checkpoint.parent) == str(checkpoint)


@pytest.mark.usefixtures("no_network")
def test_not_downloaded_and_no_network_names_the_file_to_bring(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"/large-v3-turbo\.pt is not there.*put the file there"):
        load_model("turbo", tmp_path)


@pytest.mark.filterwarnings("ignore:.*checksum does not match")
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
        find_model("my.pt", tmp_path)
    with pytest.raises(ModelError, match="is a directory"):
        find_model(str(tmp_path), tmp_path)


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


def test_another_openai_whisper_is_no_damage_to_the_model(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("whisper.tqdm")
    with pytest.raises(
        ModelError, match=r"openai-whisper has no whisper\.tqdm; install version 20250625"
    ):
        load_model(str(checkpoint), Path("/nowhere"))


def test_an_error_in_the_telling_of_steps_is_no_damage_to_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def download(*_: object, **__: object) -> None:
        with vars(sys.modules["whisper"])["tqdm"](total=1) as bar:
            bar.update(1)

    def defective() -> None:
        raise KeyError("a defect of ours")

    monkeypatch.setattr("whisper._download", download)
    with pytest.raises(KeyError, match="a defect of ours"):
        models.load_model("base", tmp_path, "cpu", defective)
