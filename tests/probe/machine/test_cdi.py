"""Which files of the Container Device Interface count."""

from pathlib import Path

from probe.machine.cdi import FOLDERS, NVIDIA_KIND, cdi_specifications
from probe.machine.files import Tree


def test_only_nvidias_files_count(tmp_path: Path) -> None:
    first, second = (tmp_path / folder.lstrip("/") for folder in FOLDERS)
    first.mkdir(parents=True)
    second.mkdir(parents=True)
    (first / "other.json").write_text('{"kind": "example.com/fpga"}')
    (first / "readme.txt").write_text(NVIDIA_KIND)
    assert cdi_specifications(Tree(tmp_path)) == []
    (second / "nvidia.yml").write_text(f"kind: {NVIDIA_KIND}\n")
    assert cdi_specifications(Tree(tmp_path)) == ["/var/run/cdi/nvidia.yml"]


def test_an_engine_has_folders_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "nvidia.yaml"
    file.write_text(f"kind: {NVIDIA_KIND}\n")
    folders = ["/nonexistent", str(tmp_path)]
    assert cdi_specifications(Tree(), folders) == [str(file)]


def test_the_kind_may_stand_behind_many_slices(tmp_path: Path) -> None:
    """As in the files of NVIDIA's toolkit, whose keys are in the order of the alphabet."""
    devices = "- name: 0:0\n" * 10_000
    (tmp_path / "nvidia.yaml").write_text(f"devices:\n{devices}kind: {NVIDIA_KIND}\n")
    assert cdi_specifications(Tree(tmp_path), ["/"]) == ["//nvidia.yaml"]
