"""The torch inside an image must be the variant's: each way to be wrong is told."""

from pathlib import Path

import pytest

from probe.prove.installed_torch import mismatch, read_version, runtime, wrong_build


@pytest.mark.parametrize(
    ("wheel", "version"), [("cu126", "12.6"), ("cu130", "13.0"), ("rocm7.2", "7.2")]
)
def test_runtime_version_in_a_tag(wheel: str, version: str) -> None:
    assert runtime(wheel) == version


@pytest.mark.parametrize(
    ("variant", "wheel", "found", "message"),
    [
        ("cpu", "cpu", {"torch": "2.13.0", "cuda": None, "hip": None}, None),
        ("cpu", "cpu", {"torch": "2.13.0", "cuda": "13.0", "hip": None}, "has no cuda"),
        ("cpu", "cpu", {"torch": "2.12.0", "cuda": None, "hip": None}, "torch is 2.12.0"),
        ("cuda", "cu130", {"torch": "2.13.0", "cuda": "13.0", "hip": None}, None),
        ("cuda", "cu130", {"torch": "2.13.0", "cuda": "12.6", "hip": None}, "cu130 has 13.0"),
        ("cuda", "cu130", {"torch": "2.13.0", "cuda": None, "hip": None}, "cuda is None"),
        ("rocm", "rocm7.2", {"torch": "2.13.0", "cuda": None, "hip": "7.2.53211"}, None),
        ("rocm", "rocm7.2", {"torch": "2.13.0", "cuda": None, "hip": "7.1.2"}, "rocm7.2 has 7.2"),
    ],
)
def test_mismatch(
    variant: str, wheel: str, found: dict[str, str | None], message: str | None
) -> None:
    problem = mismatch(variant, "2.13.0", wheel, found)
    if message is None:
        assert problem is None
    else:
        assert problem is not None
        assert message in problem


VERSION_FILE = """\
__version__ = '2.13.0+{wheel}'
cuda: Optional[str] = {cuda!r}
hip: Optional[str] = {hip!r}
"""


def make_torch(
    folder: Path, wheel: str, *, cuda: str | None = None, hip: str | None = None
) -> Path:
    """The one file of torch that tells what it is; returns its folder."""
    torch = folder / "torch"
    (torch / "lib").mkdir(parents=True)
    (torch / "version.py").write_text(VERSION_FILE.format(wheel=wheel, cuda=cuda, hip=hip))
    return torch


def test_the_files_alone_tell_what_is_installed(tmp_path: Path) -> None:
    torch = make_torch(tmp_path, "cu130", cuda="13.0")
    assert wrong_build("cuda", "2.13.0", "cu130", torch) is None
    assert "the cpu variant has no cuda" in (wrong_build("cpu", "2.13.0", "cpu", torch) or "")


@pytest.mark.parametrize("stray", ["torch/lib/libtorch_cuda.so", "nvidia_nccl-2.dist-info/RECORD"])
def test_a_cpu_image_with_gpu_libraries_is_a_lie(tmp_path: Path, stray: str) -> None:
    torch = make_torch(tmp_path, "cpu")
    assert wrong_build("cpu", "2.13.0", "cpu", torch) is None
    (tmp_path / stray).parent.mkdir(exist_ok=True)
    (tmp_path / stray).touch()
    assert "the cpu variant holds" in (wrong_build("cpu", "2.13.0", "cpu", torch) or "")


def test_no_torch_and_a_damaged_one_are_told(tmp_path: Path) -> None:
    assert "version.py can't be read" in (wrong_build("cpu", "2.13.0", "cpu", tmp_path) or "")


def test_the_torch_that_runs_these_tests() -> None:
    torch = pytest.importorskip("torch")
    folder = Path(torch.__file__).parent
    found = read_version((folder / "version.py").read_text())
    assert found == {
        "torch": torch.__version__.partition("+")[0],
        "cuda": torch.version.cuda,
        "hip": torch.version.hip,
    }
