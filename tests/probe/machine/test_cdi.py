"""Which files of the Container Device Interface count."""

import json
from pathlib import Path

import pytest
import yaml

from probe.machine.cdi import (
    FOLDERS,
    NVIDIA_KIND,
    CdiDevice,
    CdiFile,
    cdi_devices,
    cdi_specifications,
    nvidia_file,
)
from probe.machine.files import Tree

CORPUS = Path(__file__).parents[2] / "corpus" / "container" / "cdi"


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


@pytest.mark.parametrize("file", sorted(CORPUS.glob("*.yaml")), ids=lambda file: file.stem)
@pytest.mark.parametrize("indent", [False, True])
def test_the_devices_of_real_files(file: Path, indent: bool, tmp_path: Path) -> None:
    """As a whole YAML reader has them; as they are, and as JSON."""
    whole = yaml.safe_load(file.read_text("utf-8"))
    expected = [
        CdiDevice(
            kind=whole["kind"],
            name=device["name"],
            nodes=tuple(
                node["path"] for node in device.get("containerEdits", {}).get("deviceNodes", [])
            ),
        )
        for device in whole["devices"]
    ]
    text = json.dumps(whole) if indent else file.read_text("utf-8")
    (tmp_path / f"a.{'json' if indent else 'yaml'}").write_text(text)
    assert list(cdi_devices(Tree(tmp_path), ["/"])) == expected


def test_amds_file(tmp_path: Path) -> None:
    """As AMD's toolkit writes it (internal/cdi/cdi.go): the nodes of each card and /dev/kfd."""
    nodes = [{"path": "/dev/dri/card1"}, {"path": "/dev/dri/renderD128"}, {"path": "/dev/kfd"}]
    device = {"name": "0", "containerEdits": {"deviceNodes": nodes}}
    (tmp_path / "amd.json").write_text(json.dumps({"kind": "amd.com/gpu", "devices": [device]}))
    (found,) = cdi_devices(Tree(tmp_path), ["/"])
    assert found.full_name == "amd.com/gpu=0"
    assert found.nodes == ("/dev/dri/card1", "/dev/dri/renderD128", "/dev/kfd")


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"kind": 1, "devices": 2}', '{"kind": "nvidia.com/gpu", "devices": "x"}'],
)
def test_a_broken_file_has_no_devices(tmp_path: Path, text: str) -> None:
    for name in ("a.json", "b.yaml"):
        (tmp_path / name).write_text(text)
    assert cdi_devices(Tree(tmp_path), ["/"]) == ()


def test_another_vendors_devices_are_not_meant(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("kind: example.com/fpga\ndevices:\n- name: all\n")
    assert cdi_devices(Tree(tmp_path), ["/"]) == ()


def _write(root: Path, path: str, text: str) -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_what_a_file_is_of(tmp_path: Path) -> None:
    """Of the driver's own libraries the version counts, not that of those beside them."""
    _write(tmp_path, "/dev/nvidia0", "")
    text = (
        f"kind: {NVIDIA_KIND}\n"
        "    - path: /dev/nvidia0\n    - path: /dev/nvidia-modeset\n"
        "    - path: /dev/dri/renderD129\n"
        "    hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.535.161.07\n"
        "    hostPath: /usr/lib/x86_64-linux-gnu/libnvidia-egl-wayland.so.1.1.13\n"
        "    hostPath: /usr/lib/x86_64-linux-gnu/libnvidia-ml.so.535.161.07\n"
    )
    _write(tmp_path, "/etc/cdi/nvidia.yaml", text)
    assert nvidia_file(Tree(tmp_path)) == CdiFile(
        path="/etc/cdi/nvidia.yaml", drivers=("535.161.07",), gone=("/dev/dri/renderD129",)
    )


def test_of_two_files_the_later_folders_counts(tmp_path: Path) -> None:
    """The toolkit's service writes to /var/run/cdi, which overrules what was written to /etc."""
    _write(tmp_path, "/etc/cdi/nvidia.yaml", f"kind: {NVIDIA_KIND}\n/libcuda.so.535.161.07\n")
    _write(tmp_path, "/var/run/cdi/nvidia.yaml", f"kind: {NVIDIA_KIND}\n/libcuda.so.580.95.05\n")
    assert nvidia_file(Tree(tmp_path)) == CdiFile(
        path="/var/run/cdi/nvidia.yaml", drivers=("580.95.05",)
    )


def test_a_file_that_this_user_may_not_read(tmp_path: Path) -> None:
    """A folder stands for it: root reads what is closed."""
    assert nvidia_file(Tree(tmp_path)) is None
    (tmp_path / "etc/cdi/nvidia.yaml").mkdir(parents=True)
    found = CdiFile(path="/etc/cdi/nvidia.yaml", readable=False)
    assert nvidia_file(Tree(tmp_path)) == found


def test_wsls_file_names_no_version() -> None:
    text = (CORPUS / "wsl2.yaml").parent
    file = nvidia_file(Tree(), [str(text)])
    assert file is not None and file.path.endswith("wsl2.yaml") and file.drivers == ()
