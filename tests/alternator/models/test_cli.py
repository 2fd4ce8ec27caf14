"""The command, whole, and what it imports."""

import subprocess
import sys
from pathlib import Path

import pytest
from model_server import ModelServer

from alternator.errors import ModelError
from alternator.models.catalog import NamedModel
from alternator.models.cli import main

FIXTURE = Path(__file__).parents[3] / "sandbox" / "whisper" / "fixture.pt"
Out = pytest.CaptureFixture[str]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALTERNATOR_WHISPER_MODEL_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "models"


def test_a_model_from_getting_it_to_removing_it(
    known: NamedModel, server: ModelServer, directory: Path, capsys: Out
) -> None:
    assert main(["pull", "tiny", "--mirror", server.url, "--patience", "20"]) == 0
    assert capsys.readouterr().out == f"tiny: {directory}/tiny.pt\n"
    assert main(["pull", "--any", "base", "tiny"]) == 0
    assert capsys.readouterr().out == f"tiny: {directory}/tiny.pt\n"
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == f"tiny: whole ({directory}/tiny.pt)\n"
    assert main(["list"]) == 0
    assert "*  base" in capsys.readouterr().out
    assert main(["remove", "tiny"]) == 0
    assert capsys.readouterr().out == "tiny: removed, 1 MB freed\n"
    assert list(directory.iterdir()) == []


def test_a_mirror_of_the_configuration(
    known: NamedModel,
    server: ModelServer,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ALTERNATOR_WHISPER_MODEL_MIRROR", server.url)
    monkeypatch.setenv("ALTERNATOR_WHISPER_MODEL", "tiny")
    assert main(["pull"]) == 0
    assert (directory / "tiny.pt").is_file()


def test_a_mistyped_name_is_told_before_anything_is_fetched(
    known: NamedModel, server: ModelServer, directory: Path
) -> None:
    with pytest.raises(ModelError, match="no model 'bsae'"):
        main(["pull", "tiny", "bsae", "--mirror", server.url])
    assert server.asked == []


def test_conversion_and_verification_of_ones_own(directory: Path, capsys: Out) -> None:
    assert main(["convert", str(FIXTURE), "mine"]) == 0
    out = capsys.readouterr().out
    assert out == (f'mine: {directory}/mine.pt\nUse it with model = "mine" in [whisper].\n')
    assert main(["verify", "mine"]) == 0
    assert "2 + 2 layers of 64" in capsys.readouterr().out
    (directory / "broken.pt").write_bytes(b"x")
    assert main(["verify"]) == 5
    said = capsys.readouterr()
    assert "mine: readable" in said.out
    assert "broken: " in said.err and "damaged" in said.err


def test_the_directory_may_be_named_before_and_after(directory: Path, capsys: Out) -> None:
    for words in (["--model-dir", "here", "list"], ["list", "--model_dir", "here"]):
        assert main(words) == 0
        assert "Models are kept in here;" in capsys.readouterr().out


def test_import_by_hand(
    known: NamedModel, server: ModelServer, directory: Path, tmp_path: Path, capsys: Out
) -> None:
    carried = tmp_path / "stick.pt"
    carried.write_bytes(next(iter(server.files.values())))
    assert main(["import", str(carried)]) == 0
    assert capsys.readouterr().out == f"tiny: {directory}/tiny.pt\n"


def test_only_what_reads_weights_imports_torch(directory: Path) -> None:
    script = (
        "import sys; from alternator.models.cli import main\n"
        "main(['list']); main(['verify'])\n"
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
