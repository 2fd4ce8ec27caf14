"""Conversion and import: whole or not at all, whatever happens on the way."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import model_forms
import pytest
import torch
from model_server import ModelServer
from small_disk import small_disk
from waiting import wait_for

from alternator.errors import ModelError
from alternator.models import disk_space
from alternator.models.catalog import NamedModel
from alternator.models.checkpoint import read_checkpoint
from alternator.models.convert import convert, new_file, take_in
from alternator.models.weights import Checkpoint
from alternator.progress import SILENT, Progress

whisper = pytest.importorskip("whisper")


@pytest.fixture(scope="module")
def original() -> Checkpoint:
    made = model_forms.random_checkpoint(layers=(2, 2))
    return Checkpoint(
        dimensions=made.dimensions, weights=made.weights, alignment_heads=((0, 1), (1, 0))
    )


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("form", ["ctranslate2", "hugging_face", "openai"])
def test_every_form_becomes_openai_whispers(
    tmp_path: Path, original: Checkpoint, form: str
) -> None:
    source = tmp_path / "source"
    if form == "openai":
        torch.save({"dims": vars(original.dimensions), "weights": dict(original.weights)}, source)
    else:
        getattr(model_forms, f"write_{form}")(original, source)
    models = tmp_path / "models"
    path = convert(source, "mine", models, replace=False, progress=SILENT)
    assert names(models) == ["mine.pt"]
    found = read_checkpoint(path)
    assert found.dimensions == original.dimensions
    assert found.alignment_heads == (None if form == "openai" else original.alignment_heads)
    theirs = whisper.load_model(str(path), device="cpu").state_dict()
    for name, tensor in original.weights.items():
        assert torch.equal(found.weights[name], tensor), name
        assert torch.equal(theirs[name], tensor.float()), name


def test_a_name_that_is_taken(tmp_path: Path, original: Checkpoint) -> None:
    source = model_forms.write_ctranslate2(original, tmp_path / "source")
    (tmp_path / "mine.pt").write_bytes(b"older")
    with pytest.raises(ModelError, match=r"mine\.pt is there already; .*--replace"):
        convert(source, "mine", tmp_path, replace=False, progress=SILENT)
    convert(source, "mine", tmp_path, replace=True, progress=SILENT)
    assert read_checkpoint(tmp_path / "mine.pt").dimensions == original.dimensions


def test_what_is_wrong_with_the_source_leaves_nothing(tmp_path: Path) -> None:
    models = tmp_path / "models"
    (tmp_path / "text.pt").write_text("not a model")
    with pytest.raises(ModelError, match="damaged, or no openai-whisper checkpoint"):
        convert(tmp_path / "text.pt", "mine", models, replace=False, progress=SILENT)
    assert not models.exists()


def test_an_end_in_the_middle_leaves_nothing(tmp_path: Path, original: Checkpoint) -> None:
    class Ending(Progress):
        def advanced(self, done: float, total: float) -> None:
            if done > total / 2:
                raise KeyboardInterrupt

    source = model_forms.write_ctranslate2(original, tmp_path / "source")
    models = tmp_path / "models"
    with pytest.raises(KeyboardInterrupt):
        convert(source, "mine", models, replace=False, progress=Ending())
    assert names(models) == []


def test_a_full_disk(tmp_path: Path, original: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    source = model_forms.write_ctranslate2(original, tmp_path / "source")
    with small_disk(tmp_path / "disk", kibibytes=2048) as disk:
        with pytest.raises(ModelError, match=r"mine\.pt does not fit .* MB more are needed"):
            convert(source, "mine", disk, replace=False, progress=SILENT)
        monkeypatch.setattr(disk_space, "SPARE_BYTES", -(10**9))
        with pytest.raises(ModelError, match=r"mine\.pt does not fit on the disk.*it takes"):
            convert(source, "mine", disk, replace=False, progress=SILENT)
        assert names(disk) == []


KILLED = """
import sys, time
from pathlib import Path
from alternator.models.convert import new_file
with new_file(Path(sys.argv[1]), 1) as made:
    made.write_bytes(b"half")
    print("made", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_one_left_is_swept_up(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path / "a.pt")], stdout=subprocess.PIPE
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"made\n"
        with (
            pytest.raises(ModelError, match="another process is making"),
            new_file(tmp_path / "a.pt", 1),
        ):
            pytest.fail("it went on")
        assert names(tmp_path) == [".a.pt.new"]  # a living one's is left alone
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    wait_for(lambda: child.poll() is not None)
    with new_file(tmp_path / "b.pt", 1) as made:
        made.write_bytes(b"whole")
    assert names(tmp_path) == ["b.pt"]


MEASURED = """
import resource, sys
from pathlib import Path
from alternator.models.convert import convert
from alternator.progress import Progress

def anonymous():
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) * 1024

class Peak(Progress):
    most = 0
    def beat(self):
        self.most = max(self.most, anonymous())

import alternator.models.checkpoint, alternator.models.writing
before, peak = anonymous(), Peak()
convert(Path(sys.argv[1]), "mine", Path(sys.argv[2]), replace=False, progress=peak)
print(peak.most - before)
"""


def test_one_tensor_at_a_time_is_in_memory(tmp_path: Path) -> None:
    """Out of int8 every tensor is computed: 79 MB in all, of which the largest takes 53 MB here in
    float32 while it is, and half of that as float16."""
    made = model_forms.random_checkpoint(state=256, heads=4, layers=(24, 24))
    source = model_forms.write_ctranslate2(made, tmp_path / "source", quantization="int8")
    child = subprocess.run(
        [sys.executable, "-c", MEASURED, str(source), str(tmp_path / "models")],
        capture_output=True,
        text=True,
        check=True,
    )
    written = (tmp_path / "models" / "mine.pt").stat().st_size
    assert written > 110_000_000
    # The embedding: int8 mapped, float32 twice while it is divided, float16.
    assert int(child.stdout) < 51865 * 256 * (4 + 4 + 2) + 20_000_000


def test_import_tells_a_model_by_its_hash(
    tmp_path: Path, known: NamedModel, server: ModelServer
) -> None:
    content = next(iter(server.files.values()))
    carried = tmp_path / "some file"
    carried.write_bytes(content)
    models = tmp_path / "models"
    assert take_in(carried, models, SILENT) == models / "tiny.pt"
    assert names(models) == [".tiny.pt.whole", "tiny.pt"]
    assert (models / "tiny.pt").read_bytes() == content


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("tiny.pt", b"x" * 10, r"not OpenAI's model 'tiny', or not whole: 10 of 700,000 bytes"),
        ("tiny.pt", b"x" * 700_000, r"or not whole: 700,000 bytes, SHA-256"),
        ("mine.pt", b"x", r"none of OpenAI's models \(SHA-256 .*alternator models convert"),
    ],
)
def test_import_of_something_else(
    tmp_path: Path, known: NamedModel, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=words):
        take_in(tmp_path / name, tmp_path / "models", SILENT)
    assert not (tmp_path / "models").exists()


def test_import_of_nothing_and_of_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="can't be read: No such file"):
        take_in(tmp_path / "none.pt", tmp_path, SILENT)
    with pytest.raises(ModelError, match=r"none of OpenAI's models \(a directory\)"):
        take_in(tmp_path, tmp_path, SILENT)
