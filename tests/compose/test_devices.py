"""Which way a GPU goes into a container, from the engine's account of itself."""

import pytest

from compose import devices
from compose.errors import DeviceError

CDI = ["/etc/cdi/nvidia.yaml"]


@pytest.mark.parametrize(
    ("info", "hook", "specifications", "overlay"),
    [
        ({"Runtimes": {"runc": {}, "nvidia": {}}}, True, CDI, "cuda"),
        ({"Runtimes": {"runc": {}, "nvidia": {}}}, False, [], "cuda-runtime"),
        ({"Runtimes": {"runc": {}}, "CDISpecDirs": ["/etc/cdi"]}, False, CDI, "cuda-cdi"),
    ],
)
def test_the_way_that_is_set_up_is_taken(
    info: dict[str, object], hook: bool, specifications: list[str], overlay: str
) -> None:
    assert devices.nvidia_overlay(info, hook=hook, specifications=specifications) == overlay


@pytest.mark.parametrize(
    ("info", "specifications"),
    [
        ({"Runtimes": {"runc": {}}}, []),
        ({"Runtimes": {"runc": {}}}, CDI),  # an engine before 25 can't read the specification
        ({"Runtimes": {"runc": {}}, "CDISpecDirs": ["/etc/cdi"]}, []),
    ],
)
def test_no_way_names_the_command(info: dict[str, object], specifications: list[str]) -> None:
    with pytest.raises(DeviceError, match="nvidia-ctk runtime configure"):
        devices.nvidia_overlay(info, hook=False, specifications=specifications)


def test_rocm_takes_the_group_numbers_from_the_probes_flags() -> None:
    flags = ["--device", "/dev/kfd", "--group-add", "109", "--group-add", "44"]
    assert devices.variables(flags) == {
        "ALTERNATOR_RENDER_GID": "109",
        "ALTERNATOR_VIDEO_GID": "44",
    }


def test_cuda_takes_the_group_that_the_host_keeps_its_devices_to() -> None:
    assert devices.variables(["--gpus", "all", "--group-add", "27"]) == {
        "ALTERNATOR_NVIDIA_GID": "27"
    }
    assert devices.variables(["--gpus", "all"]) == {}
