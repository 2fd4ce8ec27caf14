"""From a name to a checkpoint: with the alignment heads of the name."""

from pathlib import Path

import pytest

from alternator.models import catalog
from alternator.models.loading import checkpoint_at, load_checkpoint
from alternator.models.store import Place
from alternator.progress import SILENT, Progress

FIXTURE = Path(__file__).parents[3] / "sandbox" / "whisper" / "fixture.pt"


class Lines(Progress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def test_a_model_of_openais_gets_the_heads_of_its_name() -> None:
    model = catalog.find("base")
    assert model is not None
    found = checkpoint_at(Place(path=FIXTURE, model=model), SILENT)
    assert found.alignment_heads == model.alignment_heads


def test_a_file_of_ones_own_has_none_and_what_is_odd_is_told(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    content = torch.load(FIXTURE, weights_only=True)
    torch.save({"dims": content["dims"], "net": content["model_state_dict"]}, tmp_path / "own.pt")
    told = Lines()
    found = load_checkpoint("own", tmp_path, mirror=None, progress=told)
    assert found.alignment_heads is None
    assert told.lines == [f"{tmp_path / 'own.pt'}: its weights stand under 'net'"]
