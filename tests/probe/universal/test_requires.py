"""An installed torch's own metadata has the last word about what it requires."""

import zipfile
from collections.abc import Sequence
from pathlib import Path

from package_index import make_wheel

from probe.universal.requires import unmet


def put(site: Path, name: str, version: str, requires: Sequence[str] = ()) -> None:
    """Install a wheel by unpacking it."""
    wheel = make_wheel(site.parent / "wheels", name, version, requires=requires)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)


def test_what_is_missing_and_what_is_another_version(tmp_path: Path) -> None:
    site = tmp_path / "site"
    put(site, "torch", "2.13.0+cu126", ["nvidia-nccl-cu12==2.29.3", "filelock", "jinja2>=3"])
    put(site, "nvidia-nccl-cu12", "2.28.9")
    put(site, "Jinja2", "3.1.6", ["MarkupSafe>=2.0"])
    assert unmet([str(site)]) == [
        "jinja2 asks for MarkupSafe>=2.0, which is not installed",
        "torch asks for filelock, which is not installed",
        "torch asks for nvidia-nccl-cu12==2.29.3, and 2.28.9 is installed",
    ]


def test_conditions_and_extras_count_as_they_do_for_pip(tmp_path: Path) -> None:
    site = tmp_path / "site"
    put(
        site,
        "torch",
        "2.13.0",
        [
            'windows-only; platform_system == "Windows"',
            'optree; extra == "optree"',
            'cuda-toolkit[cublas,cufft]==13.0.3; platform_system == "Linux"',
        ],
    )
    toolkit = ['nvidia-cublas==13.1; extra == "cublas"', 'nvidia-cufft==12; extra == "cufft"']
    put(site, "cuda_toolkit", "13.0.3", [*toolkit, 'nvidia-curand; extra == "curand"'])
    put(site, "nvidia-cublas", "13.1")
    assert unmet([str(site)]) == ["cuda-toolkit asks for nvidia-cufft==12, which is not installed"]
    put(site, "nvidia.cufft", "12")
    assert unmet([str(site)]) == []


def test_the_first_folder_counts_as_it_does_for_the_import(tmp_path: Path) -> None:
    site, image = tmp_path / "site", tmp_path / "image"
    put(site, "torch", "2.13.0", ["requests>=2", "certifi"])
    put(site, "requests", "1.0")
    put(image, "requests", "2.34")
    put(image, "certifi", "2026.1")
    assert unmet([str(image), str(site)]) == []
    assert unmet([str(site), str(image)]) == ["torch asks for requests>=2, and 1.0 is installed"]


def test_without_torch_there_is_nothing_to_ask(tmp_path: Path) -> None:
    put(tmp_path / "site", "alpha", "1.0", ["beta"])
    assert unmet([str(tmp_path / "site")]) == []
