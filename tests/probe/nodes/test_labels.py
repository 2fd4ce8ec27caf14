import re
from pathlib import Path

import pytest

from probe.detect.collect import facts_from
from probe.detect.run_probes import start_probes
from probe.nodes.labels import PREFIX, label_value, labels_of
from probe.recordings.recording_file import read_recording
from probe.recordings.replay import ReplayMachine
from probe.tables.builds import load_table

MACHINES = sorted((Path(__file__).parents[2] / "machines").glob("*.json"))
# https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,61})?[A-Za-z0-9]")
DNS = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def labels_for(name: str) -> dict[str, str]:
    """The labels of a recorded machine, without their prefix."""
    machine = ReplayMachine(read_recording(MACHINES[0].with_name(f"{name}.json")))
    found = labels_of(facts_from(start_probes(machine)), load_table())
    return {name.removeprefix(PREFIX): value for name, value in found.items()}


def test_a_pod_without_gpu_tells_what_its_node_has():
    assert labels_for("kubernetes-pod-without-gpu") == {
        "gpu": "nvidia",
        "gpu-count": "1",
        "torch-build": "cu130",
        "torch": "2.13.0",
        "gpu-name": "NVIDIA-A100-PCIe-80GB",
        "driver": "580.95.05",
        "compute-capability": "8.0",
    }


def test_a_host_has_all_of_its_cards():
    found = labels_for("mi300x-x4")
    assert (found["gpu"], found["gpu-count"], found["gfx"]) == ("amd", "4", "gfx942")
    assert found["torch-build"].startswith("rocm")
    assert int(found["gpu-memory-mib"]) > 190_000
    assert "compute-capability" not in found


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        # An older driver has an older build, which is another image.
        ("mig-pod-insufficient-permissions", {"gpu": "nvidia", "torch-build": "cu126"}),
        ("rx-7900-xtx-container-without-kfd", {"gpu": "amd", "gfx": "gfx1100"}),
        ("nothing", {"gpu": "none", "gpu-count": "0", "torch-build": "cpu"}),
        ("rtx-3090-and-rx-7900-xtx", {"gpu": "nvidia", "gpu-count": "1"}),
    ],
)
def test_what_a_node_is_chosen_by(machine, expected):
    found = labels_for(machine)
    assert {name: found[name] for name in expected} == expected
    assert "gpu-trouble" not in found


@pytest.mark.parametrize(
    ("machine", "code"),
    [
        ("gtx-1080-driver-590", "nvidia-driver-too-new"),
        ("k80-driver-470", "no-code-for-compute-capability"),
        ("container-mi100-x4-without-render-group", "node-closed"),
    ],
)
def test_a_card_that_no_pod_could_use_is_told_with_its_code(machine, code):
    found = labels_for(machine)
    assert (found["gpu"], found["torch-build"], found["gpu-trouble"]) == ("none", "cpu", code)


def test_a_container_on_a_machine_without_driver_promises_nothing(tmp_path):
    text = MACHINES[0].with_name("kubernetes-pod-without-gpu.json").read_text("utf-8")
    assert "/proc/driver/nvidia/version" in text
    path = tmp_path / "without-driver.json"
    path.write_text(text.replace("/proc/driver/nvidia/version", "/proc/driver/other"), "utf-8")
    machine = ReplayMachine(read_recording(path))
    found = labels_of(facts_from(start_probes(machine)), load_table())
    assert found[f"{PREFIX}gpu"] == "none"
    assert found[f"{PREFIX}gpu-trouble"] == "nvidia-driver-absent"


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_every_recorded_machine_has_valid_labels(path):
    machine = ReplayMachine(read_recording(path))
    found = labels_of(facts_from(start_probes(machine)), load_table())
    for name, value in found.items():
        prefix, _, short = name.partition("/")
        assert DNS.fullmatch(prefix) and NAME.fullmatch(short), name
        assert NAME.fullmatch(value), (name, value)


def test_a_value_keeps_what_may_stand_in_one():
    assert label_value("AMD Radeon™ (W7900) ") == "AMD-Radeon-W7900"
    assert len(label_value("x" * 100)) == 63
    assert label_value("…") == ""
