"""Variables that hide GPUs."""

import pytest

from probe.detect.visibility import hidden_amd, hidden_nvidia
from probe.facts import Sighting
from probe.findings.gpu import Hidden

CARDS = [Sighting(vendor="nvidia", index=n, uuid=f"GPU-{c}") for n, c in enumerate("abc")]
SLICES = [
    Sighting(vendor="nvidia", uuid="MIG-1", slice_of=0),
    Sighting(vendor="nvidia", uuid="MIG-2", slice_of=0),
]
RADEONS = [Sighting(vendor="amd", index=n, uuid=f"GPU-{n}{n}") for n in range(3)]


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        (None, ""),
        ("", "abc"),
        ("-1", "abc"),
        ("1", "ac"),
        ("0,2", "b"),
        ("2,-1,0", "ab"),  # the list ends at the first entry that is no device
        ("7", "abc"),
        ("GPU-b", "ac"),
        ("GPU-", "abc"),  # not unique
        ("1,1", "abc"),  # torch.cuda as well reads a device that is named twice as none
        ("0,GPU-a", "abc"),
        ("all", "abc"),
    ],
)
def test_cuda_visible_devices(value, hidden):
    environ = {} if value is None else {"CUDA_VISIBLE_DEVICES": value}
    found = hidden_nvidia(CARDS, [], environ)
    assert set(found) == {f"GPU-{letter}" for letter in hidden}
    assert set(found.values()) <= {Hidden(variable="CUDA_VISIBLE_DEVICES", value=value)}


@pytest.mark.parametrize(
    ("value", "hidden"),
    [("MIG-2", {"MIG-1", "GPU-a"}), ("GPU-a", set()), ("-1", {"MIG-1", "MIG-2", "GPU-a"})],
)
def test_mig_slices_are_named_by_uuid(value, hidden):
    assert set(hidden_nvidia(CARDS[:1], SLICES, {"CUDA_VISIBLE_DEVICES": value})) == hidden


@pytest.mark.parametrize(
    ("environ", "hidden"),
    [
        ({}, {}),
        ({"HIP_VISIBLE_DEVICES": "2"}, {0: "HIP_VISIBLE_DEVICES=2", 1: "HIP_VISIBLE_DEVICES=2"}),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, dict.fromkeys(range(3), "CUDA_VISIBLE_DEVICES=-1")),
        # HIP counts what ROCR left over, and its own name goes before CUDA's.
        (
            {
                "ROCR_VISIBLE_DEVICES": "1,2",
                "HIP_VISIBLE_DEVICES": "1",
                "CUDA_VISIBLE_DEVICES": "-1",
            },
            {0: "ROCR_VISIBLE_DEVICES=1,2", 1: "HIP_VISIBLE_DEVICES=1"},
        ),
        ({"ROCR_VISIBLE_DEVICES": "GPU-11"}, dict.fromkeys((0, 2), "ROCR_VISIBLE_DEVICES=GPU-11")),
    ],
)
def test_amd(environ, hidden):
    found = {
        name: f"{why.variable}={why.value}" for name, why in hidden_amd(RADEONS, environ).items()
    }
    assert found == {f"GPU-{n}{n}": why for n, why in hidden.items()}


def test_a_hidden_gpu_is_present_and_says_by_what(machine):
    machine.nvidia()
    machine.variables = {"CUDA_VISIBLE_DEVICES": "-1"}
    report = machine.report()
    assert (report["gpus"][0]["state"], report["gpus"][0]["why"]) == (
        "present",
        "hidden by CUDA_VISIBLE_DEVICES=-1",
    )
    assert report["selection"]["backend"] == "cpu"
    assert any("unset CUDA_VISIBLE_DEVICES" in line for line in report["advice"])


def test_a_container_that_asked_for_no_gpu(machine):
    machine.nvidia_sysfs()
    machine.container()
    machine.variables = {"NVIDIA_VISIBLE_DEVICES": "void"}
    assert machine.report()["gpus"][0]["why"] == (
        "no /dev/nvidiactl in this container (NVIDIA_VISIBLE_DEVICES=void)"
    )
