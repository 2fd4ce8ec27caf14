"""What is converted is made once, kept whole, and made anew for another source."""

import os
import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("whisper")


from alternator.errors import ModelError
from alternator.models.store import Place
from alternator.models.weights import Checkpoint
from alternator.progress import SILENT, Progress
from alternator.speech.engines.converted.keeping import Form, converted


class Writer:
    """Counts what it writes; ``breaks``: in the middle."""

    def __init__(self) -> None:
        self.times = 0
        self.breaks = False

    def __call__(self, checkpoint: Checkpoint, target: Path, progress: Progress) -> None:
        self.times += 1
        (target / "half").touch()
        if self.breaks:
            raise OSError(28, os.strerror(28))
        (target / "whole").write_text(str(checkpoint.dimensions.n_vocab))


def test_it_is_made_once_for_each_state_of_its_source(checkpoint: Path, tmp_path: Path) -> None:
    source, models, write = tmp_path / "mine.pt", tmp_path / "models", Writer()
    shutil.copy(checkpoint, source)
    form = Form(engine="paper", suffix="", write=write)

    def made() -> Path:
        return converted(Place(path=source), models, form, SILENT)

    first = made()
    assert first == made() and write.times == 1
    assert first.parent == models / "converted" and first.name.startswith("mine-")
    assert (first / "whole").read_text() == "51865"
    os.utime(source, (1, 1))
    assert made() != first and write.times == 2
    assert sorted(path.name[0] for path in first.parent.iterdir()) == ["m", "m"], "nothing else"


def test_nothing_half_made_is_left(checkpoint: Path, tmp_path: Path) -> None:
    write = Writer()
    write.breaks = True
    form = Form(engine="paper", suffix="", write=write)
    with pytest.raises(ModelError, match=r"can't be converted for the engine 'paper' in .*: No sp"):
        converted(Place(path=checkpoint), tmp_path, form, SILENT)
    assert list((tmp_path / "converted").iterdir()) == []


def test_what_a_killed_process_left_goes_after_a_day(checkpoint: Path, tmp_path: Path) -> None:
    old, new = (tmp_path / "converted" / f".making-{name}" for name in ("old", "new"))
    for left in (old, new):
        (left / "model").mkdir(parents=True)
    os.utime(old, (1, 1))
    converted(Place(path=checkpoint), tmp_path, Form(engine="x", suffix="", write=Writer()), SILENT)
    assert not old.exists() and new.exists(), "the other may be at work"


def test_what_is_no_model_is_told_as_ever(tmp_path: Path) -> None:
    path = tmp_path / "mine.pt"
    path.write_bytes(b"no model")
    form = Form(engine="paper", suffix="", write=Writer())
    with pytest.raises(ModelError, match=r"mine\.pt"):
        converted(Place(path=path), tmp_path, form, SILENT)
