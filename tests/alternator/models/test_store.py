"""What a name means, what is here, and what goes when it is removed."""

from pathlib import Path

import pytest
from model_server import ModelServer

from alternator.errors import ModelError
from alternator.models.catalog import NamedModel
from alternator.models.lock import held
from alternator.models.store import (
    Place,
    first_here,
    kept_models,
    locate,
    obtain,
    own_path,
    remove,
)
from alternator.progress import SILENT


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_name_of_openais_goes_before_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(tmp_path / "base")
    models = tmp_path / "models"
    found = locate("base", models)
    assert found.path == models / "base.pt"
    assert found.model is not None and found.model.name == "base"
    assert locate("turbo", models).path == models / "large-v3-turbo.pt"


def test_paths_and_names_of_ones_own(tmp_path: Path) -> None:
    models = tmp_path / "models"
    own, folder = put(models / "mine.pt"), models / "hf"
    folder.mkdir()
    assert locate("mine", models) == locate("mine.pt", models) == Place(path=own)
    assert locate(str(own), Path("/nowhere")) == Place(path=own)
    assert locate("hf", models) == Place(path=folder)
    with pytest.raises(ModelError, match=r"choose one of tiny\.en, .*turbo, mine, or the path"):
        locate("yours", models)


def test_openai_whispers_own_cache_is_looked_into(
    known: NamedModel, server: ModelServer, no_cache: Path, tmp_path: Path
) -> None:
    content = next(iter(server.files.values()))
    there = put(no_cache / "tiny.pt", content)
    models = tmp_path / "models"
    place = obtain("tiny", models, mirror=server.url, progress=SILENT)
    assert place.path == there
    assert server.asked == [] and not models.exists()
    there.write_bytes(content[:-1])  # a damaged one is fetched anew, to where ours are
    place = obtain("tiny", models, mirror=server.url, progress=SILENT)
    assert place.path == models / "tiny.pt"


def test_what_is_here_is_not_fetched_though_nothing_can_be_written(
    known: NamedModel, server: ModelServer, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    put(models / "tiny.pt", next(iter(server.files.values())))
    models.chmod(0o500)
    assert obtain("tiny", models, mirror=server.url, progress=SILENT).path == models / "tiny.pt"
    assert server.asked == []


def test_states(known: NamedModel, server: ModelServer, tmp_path: Path) -> None:
    models = tmp_path / "models"
    put(models / "base.pt")
    put(models / "small.pt.part", b"123")
    put(models / "mine.pt", b"12")
    put(models / ".hidden.pt")
    obtain("tiny", models, mirror=server.url, progress=SILENT)
    found = {one.name: (one.state, one.size) for one in kept_models(models)}
    assert found["tiny"] == ("whole", 700_000)
    assert found["base"] == ("unverified", 1)
    assert found["small"] == ("partial", 3)
    assert found["medium"] == ("absent", 0)
    assert found["mine"] == ("own", 2)
    assert len(found) == 13


def test_the_first_that_is_here_by_its_size(
    known: NamedModel, server: ModelServer, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    put(models / "base.pt")  # the beginning of one, by a program that has no other name for it
    assert first_here(("base", "tiny"), models) is None
    put(models / "tiny.pt", next(iter(server.files.values())))
    assert first_here(("base", "tiny"), models) == "tiny"


def test_removal_leaves_nothing(known: NamedModel, server: ModelServer, tmp_path: Path) -> None:
    models = tmp_path / "models"
    obtain("tiny", models, mirror=server.url, progress=SILENT)
    put(models / "tiny.pt.part", b"123")
    assert remove("tiny", models) == 700_003
    assert list(models.iterdir()) == []
    put(models / "mine.pt", b"12")
    assert remove("mine", models) == 2
    with pytest.raises(ModelError, match=r"there is no model 'mine' in"):
        remove("mine", models)


def test_removal_leads_nowhere_else(tmp_path: Path, no_cache: Path) -> None:
    outside, models = put(tmp_path / "outside.pt"), tmp_path / "models"
    models.mkdir()
    for name in ("../outside", str(outside), "", ".", "a/b"):
        with pytest.raises(ModelError):
            remove(name, models)
    put(no_cache / "base.pt")
    with pytest.raises(ModelError, match=r"base\.pt is openai-whisper's own, and left alone"):
        remove("base", models)
    assert outside.exists()


def test_what_is_being_fetched_is_not_removed(known: NamedModel, tmp_path: Path) -> None:
    target = put(tmp_path / "tiny.pt")
    with (
        held(target, target, 1, SILENT),
        pytest.raises(ModelError, match="is being downloaded at this moment"),
    ):
        remove("tiny", tmp_path)
    assert target.exists()


@pytest.mark.parametrize("name", ["base", "turbo", "a/b", "..", "x.pt", "", "-x", "a b"])
def test_names_that_a_model_of_ones_own_can_not_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError):
        own_path(name, tmp_path)
