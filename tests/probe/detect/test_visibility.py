"""Variables that hide GPUs."""

import pytest

from probe.detect.visibility import hidden_amd, hidden_nvidia, not_assigned, visibility
from probe.facts import Sighting
from probe.findings.gpu import Hidden
from probe.frozen_record import replace

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
        ("none", "abc"),
        ("NoDevFiles", "abc"),
        ("0,,1", "bc"),
        ("0,", "bc"),
        (" 1 , 2 ", "a"),
        ("1gpu2,2ampere", "a"),
        ("+1,-0", "c"),
        ('"0"', "abc"),
        ("gpu-B", "ac"),
        ("0x1", "bc"),
        ("123456", "abc"),
    ],
)
def test_cuda_visible_devices(value, hidden):
    environ = {} if value is None else {"CUDA_VISIBLE_DEVICES": value}
    found = hidden_nvidia(CARDS, [], environ)
    assert set(found) == {f"GPU-{letter}" for letter in hidden}
    assert set(found.values()) <= {Hidden(variable="CUDA_VISIBLE_DEVICES", value=value)}


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("MIG-2", {"MIG-1", "GPU-a"}),
        ("GPU-a", set()),
        ("-1", {"MIG-1", "MIG-2", "GPU-a"}),
        ("", {"MIG-1", "MIG-2", "GPU-a"}),
        ("MIG-", {"MIG-1", "MIG-2", "GPU-a"}),  # not unique
        ("MIG-1,MIG-2", {"GPU-a"}),
        ("0", set()),
        ("MIG-GPU-a/1/0", {"MIG-1", "MIG-2", "GPU-a"}),  # which of them, only libcuda knows
    ],
)
def test_mig_slices_are_named_by_uuid(value, hidden):
    assert set(hidden_nvidia(CARDS[:1], SLICES, {"CUDA_VISIBLE_DEVICES": value})) == hidden


def test_the_old_name_of_the_only_slice():
    environ = {"CUDA_VISIBLE_DEVICES": "MIG-GPU-a/1/0"}
    assert set(hidden_nvidia(CARDS[:2], SLICES[:1], environ)) == {"GPU-a", "GPU-b"}
    old = replace(SLICES[1], uuid="MIG-GPU-a/2/0")
    environ = {"CUDA_VISIBLE_DEVICES": "MIG-GPU-a/2/0"}
    assert set(hidden_nvidia(CARDS[:1], [SLICES[0], old], environ)) == {"GPU-a", "MIG-1"}


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
        # Empty: HIP's is unset, and then CUDA's counts, of which the same holds; HSA's hides all.
        ({"HIP_VISIBLE_DEVICES": "", "CUDA_VISIBLE_DEVICES": ""}, {}),
        (
            {"HIP_VISIBLE_DEVICES": "", "CUDA_VISIBLE_DEVICES": "0"},
            dict.fromkeys((1, 2), "CUDA_VISIBLE_DEVICES=0"),
        ),
        ({"ROCR_VISIBLE_DEVICES": ""}, dict.fromkeys(range(3), "ROCR_VISIBLE_DEVICES=")),
        ({"GPU_DEVICE_ORDINAL": "0"}, {}),
        *(
            ({row: value}, dict.fromkeys(hidden, f"{row}={value}"))
            for row, value, hidden in (
                ("HIP_VISIBLE_DEVICES", "0, 1", (1, 2)),  # takes no blank
                ("HIP_VISIBLE_DEVICES", " 0", range(3)),
                ("HIP_VISIBLE_DEVICES", "01", range(3)),
                ("HIP_VISIBLE_DEVICES", "1,1,2", (0,)),  # named twice is named
                ("HIP_VISIBLE_DEVICES", "0,3,1", (1, 2)),
                ("HIP_VISIBLE_DEVICES", "GPU-22", (0, 1)),
                ("HIP_VISIBLE_DEVICES", "GPU-", (1, 2)),  # the first such
                ("HIP_VISIBLE_DEVICES", "all", range(3)),
                ("HIP_VISIBLE_DEVICES", '"0,1"', (2,)),
                ("HIP_VISIBLE_DEVICES", "MIG-1", range(3)),
                ("ROCR_VISIBLE_DEVICES", "0, 1", (2,)),
                ("ROCR_VISIBLE_DEVICES", "0x2,01", (0,)),
                ("ROCR_VISIBLE_DEVICES", "1,1,2", (0, 2)),  # ends at what is named twice
                ("ROCR_VISIBLE_DEVICES", "gpu-22", (0, 1)),
                ("ROCR_VISIBLE_DEVICES", "GPU-", range(3)),
                ("ROCR_VISIBLE_DEVICES", "0,,1", range(3)),
                ("ROCR_VISIBLE_DEVICES", "0,", (1, 2)),
                ("ROCR_VISIBLE_DEVICES", "08", range(3)),
                ("ROCR_VISIBLE_DEVICES", '"0"', range(3)),
            )
        ),
    ],
)
def test_amd(environ, hidden):
    found = {
        name: f"{why.variable}={why.value}" for name, why in hidden_amd(RADEONS, environ).items()
    }
    assert found == {f"GPU-{n}{n}": why for n, why in hidden.items()}


@pytest.mark.parametrize(
    ("environ", "others"),
    [
        ({}, ""),
        ({"NVIDIA_VISIBLE_DEVICES": "GPU-b"}, "ac"),
        ({"NVIDIA_VISIBLE_DEVICES": "GPU-a, GPU-c"}, "b"),
        # The host's numbers and the toolkit's words say nothing in here.
        *(({"NVIDIA_VISIBLE_DEVICES": word}, "") for word in ("0", "all", "none", "void", "")),
        ({"NVIDIA_VISIBLE_DEVICES": "GPU-of-another-machine"}, ""),
        # Swarm's goes before; several of them add up.
        ({"DOCKER_RESOURCE_NVIDIA-GPU": "GPU-b", "NVIDIA_VISIBLE_DEVICES": "all"}, "ac"),
        ({"DOCKER_RESOURCE_GPU": "GPU-b", "NVIDIA_VISIBLE_DEVICES": "GPU-a"}, "ac"),
        ({"DOCKER_RESOURCE_A": "GPU-a", "DOCKER_RESOURCE_B": "GPU-b"}, "c"),
        ({"DOCKER_RESOURCE_GPU": "2"}, ""),
    ],
)
def test_a_container_that_reaches_more_than_it_was_given(environ, others):
    found = not_assigned("nvidia", CARDS, [], environ)
    assert set(found) == {f"GPU-{letter}" for letter in others}
    assert {why.variable for why in found.values()} <= set(environ)


def test_a_slice_that_a_device_plugin_gave():
    found = not_assigned("nvidia", CARDS[:1], SLICES, {"NVIDIA_VISIBLE_DEVICES": "MIG-2"})
    assert set(found) == {"GPU-a", "MIG-1"}


@pytest.mark.parametrize("value", ["0x378041e1ada6015", "378041e1ada6015", "GPU-0378041e1ada6015"])
def test_amds_toolkit_writes_the_number_that_kfd_has(value):
    card = replace(RADEONS[0], uuid="GPU-0378041e1ada6015")
    for name in ("AMD_VISIBLE_DEVICES", "DOCKER_RESOURCE_AMD_GPU"):
        assert set(not_assigned("amd", [card, RADEONS[1]], [], {name: value})) == {"GPU-11"}
    assert not_assigned("amd", [card], [], {"AMD_VISIBLE_DEVICES": "0-3"}) == {}


def test_what_is_recorded_of_an_environment():
    names = {
        "CUDA_VISIBLE_DEVICES",
        "CUDA_DEVICE_ORDER",
        "DOCKER_RESOURCE_GPU",
        "HSA_OVERRIDE_GFX_VERSION_0",
    }
    environ = dict.fromkeys((*names, "PATH", "AWS_SECRET_ACCESS_KEY"), "x")
    assert visibility(environ) == dict.fromkeys(names, "x")


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
