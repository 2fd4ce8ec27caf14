"""What a wheel says of itself, read without downloading it."""

import zipfile
from pathlib import Path

import pytest
from parts_server import serving

from tools.package_index import Link, UnreadableError
from tools.wheel_facts import cuda_of, cuda_of_tag, kernels_of, version_of


@pytest.mark.parametrize(
    ("requirement", "version"),
    [
        ("nvidia-cuda-runtime-cu12==12.8.90; platform_system == 'Linux'", "12.8"),
        ('nvidia-cuda-runtime-cu12 (==12.6.77) ; platform_machine == "x86_64"', "12.6"),
        ("nvidia-cuda-runtime==13.0.96; platform_system == 'Linux'", "13.0"),
        ("cuda-toolkit[cublas,cudart]==13.2.1 ; platform_system == 'Linux'", "13.2"),
        ("nvidia-cublas-cu12==12.8.4.1", None),
        ("nvidia-cuda-runtime-cu12", None),
        ("sympy>=1.13.3", None),
    ],
)
def test_the_cuda_version_that_is_required(requirement: str, version: str | None) -> None:
    metadata = f"Metadata-Version: 2.1\nName: torch\nRequires-Dist: {requirement}\n\nText\n"
    assert cuda_of(metadata) == version


def test_versions() -> None:
    assert version_of("Name: torch\nVersion: 2.11.0+cu128\n") == "2.11.0"
    assert version_of("Name: torch\n") is None
    tags = ("cu118", "cu128", "cu130", "cpu", "rocm7.14")
    assert [cuda_of_tag(tag) for tag in tags] == ["11.8", "12.8", "13.0", None, None]


def rocm_wheel(path: Path, targets: tuple[str, ...]) -> None:
    """A wheel with a rocBLAS for these targets, and something large beside it."""
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("torch/lib/libtorch_hip.so", b"\0" * 8_000_000)
        for gfx in targets:
            wheel.writestr(f"torch/lib/rocblas/library/TensileLibrary_lazy_{gfx}.dat", b"x")
            wheel.writestr(f"torch/lib/rocblas/library/Kernels.so-000-{gfx}.hsaco", b"x")
            wheel.writestr(f"torch/lib/hipblaslt/library/TensileLibrary_lazy_{gfx}f.dat", b"x")


def test_the_targets_of_rocblas_by_the_list_of_files(tmp_path: Path) -> None:
    rocm_wheel(tmp_path / "torch.whl", ("gfx906", "gfx90a", "gfx1100"))
    with serving(tmp_path) as (address, counted):
        link = Link(name="torch.whl", url=f"{address}/torch.whl")
        assert kernels_of(link) == {"gfx906", "gfx90a", "gfx1100"}
        assert counted.sent < 4_000_000


def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    rocm_wheel(tmp_path / "none.whl", ())
    (tmp_path / "broken.whl").write_bytes(b"no archive" * 1000)
    with serving(tmp_path) as (address, _):
        for name, why in (
            ("none.whl", "it carries no rocBLAS"),
            ("broken.whl", "not a zip file"),
            ("gone.whl", "File not found"),
        ):
            with pytest.raises(UnreadableError, match=why):
                kernels_of(Link(name=name, url=f"{address}/{name}"))
    with (
        serving(tmp_path, whole_only=True) as (address, _),
        pytest.raises(UnreadableError, match="whole files only"),
    ):
        kernels_of(Link(name="none.whl", url=f"{address}/none.whl"))
