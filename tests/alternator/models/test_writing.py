"""What is written is what torch.save would have written, as far as anybody reads it."""

import zipfile
from pathlib import Path

import pytest
import torch

from alternator.models.checkpoint import read_checkpoint
from alternator.models.weights import Checkpoint
from alternator.models.writing import ALIGNMENT, size_of, write_checkpoint
from alternator.progress import SILENT, Progress

FIXTURE = Path(__file__).parents[3] / "sandbox" / "whisper" / "fixture.pt"


def test_the_file_is_read_by_torch_in_every_way(tmp_path: Path) -> None:
    original = read_checkpoint(FIXTURE)
    path = tmp_path / "made.pt"
    write_checkpoint(original, path, SILENT)
    for mapped in (False, True):
        content = torch.load(path, weights_only=True, mmap=mapped)
        assert content["dims"] == vars(original.dimensions)
        assert list(content["model_state_dict"]) == list(original.weights)
        for name, tensor in content["model_state_dict"].items():
            assert torch.equal(tensor, original.weights[name]), name
            assert tensor.is_contiguous()


def test_the_archive_is_sound_and_its_storages_can_be_mapped(tmp_path: Path) -> None:
    path = tmp_path / "made.pt"
    write_checkpoint(read_checkpoint(FIXTURE), path, SILENT)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        reader = torch._C.PyTorchFileReader(str(path))
        for entry in archive.infolist():
            assert entry.compress_type == zipfile.ZIP_STORED
            short = entry.filename.partition("/")[2]
            offset = reader.get_record_offset(short)  # type: ignore[attr-defined]  # not in its stubs
            assert offset % ALIGNMENT == 0, entry.filename


def test_the_same_checkpoint_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write_checkpoint(read_checkpoint(FIXTURE), tmp_path / folder / "made.pt", SILENT)
    assert (tmp_path / "a/made.pt").read_bytes() == (tmp_path / "b/made.pt").read_bytes()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_precisions_and_odd_tensors(tmp_path: Path, dtype: torch.dtype) -> None:
    d = read_checkpoint(FIXTURE).dimensions
    weights = {
        "turned": torch.arange(12).reshape(3, 4).to(dtype).T,
        "single": torch.tensor(2.5, dtype=dtype),
        "part": torch.arange(10).to(dtype)[3:7],
        "empty": torch.empty(0, 3, dtype=dtype),
    }
    path = tmp_path / "made.pt"
    write_checkpoint(Checkpoint(dimensions=d, weights=weights), path, SILENT)
    found = torch.load(path, weights_only=True)["model_state_dict"]
    for name, tensor in weights.items():
        assert found[name].dtype == dtype
        assert found[name].shape == tensor.shape
        assert torch.equal(found[name], tensor)


def test_progress_is_told_in_bytes(tmp_path: Path) -> None:
    class Steps(Progress):
        def __init__(self) -> None:
            self.steps: list[tuple[float, float]] = []

        def advanced(self, done: float, total: float) -> None:
            self.steps.append((done, total))

    checkpoint = read_checkpoint(FIXTURE)
    heard = Steps()
    write_checkpoint(checkpoint, tmp_path / "made.pt", heard)
    assert heard.steps[-1] == (size_of(checkpoint), size_of(checkpoint))
