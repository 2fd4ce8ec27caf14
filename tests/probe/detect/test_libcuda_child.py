"""libcuda has the last word: the real child, with a small library of our own in its place."""

import shutil
import subprocess
from pathlib import Path

import pytest

STUB = Path(__file__).with_name("libcuda_stub.c")
UUID = "GPU-11111111-1111-1111-1111-111111111111"
ROW = f"0, {UUID}, RTX 4090, 580.95.05, 24564, 00000000:01:00.0, 0x268410DE, 8.9, [N/A]"


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """A directory with the stand-in libcuda.so.1."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to make a stand-in libcuda with")
    directory = tmp_path_factory.mktemp("libcuda")
    command = [compiler, "-shared", "-fPIC", "-w", str(STUB), "-o", str(directory / "libcuda.so.1")]
    subprocess.run(command, check=True)
    return directory


@pytest.fixture
def cuda(machine, library):
    """A machine with NVIDIA's device nodes and sysfs, and the stand-in; returns what sets it."""
    machine.nvidia_sysfs()
    machine.nvidia_nodes()

    def set_up(**variables):
        machine.variables = {"LD_LIBRARY_PATH": str(library), "STUB_DEVICES": "1", **variables}
        return machine

    return set_up


def only_gpu(machine):
    (gpu,) = machine.report()["gpus"]
    return gpu


def test_what_libcuda_lists_is_accessible_without_any_tool(cuda):
    machine = cuda()
    machine.container()
    gpu = only_gpu(machine)
    assert (gpu["state"], gpu["uuid"], gpu["name"]) == ("accessible", UUID, "Stub 0")
    assert (gpu["compute_capability"], gpu["memory_mib"], gpu["driver"]) == (
        "8.9",
        24576,
        "580.95.05",
    )
    assert machine.report()["selection"]["visible_devices"] == [UUID]


def test_libcuda_answers_where_nvidia_smi_hangs(cuda):
    machine = cuda()
    machine.tool("nvidia-smi", "exec /bin/sleep 60")
    (gpu,) = machine.facts(timeout_s=1).gpus
    assert gpu.state == "accessible"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        ("100", "libcuda reaches no device"),
        ("999", "libcuda meets an unknown error"),
        ("719", "libcuda fails with error 719"),
    ],
)
def test_what_nvidia_smi_lists_and_libcuda_refuses_is_dead(cuda, status, why):
    machine = cuda(STUB_STATUS=status)
    machine.nvidia(ROW)
    gpu = only_gpu(machine)
    assert (gpu["state"], gpu["why"]) == ("dead", why)
    assert machine.report()["selection"]["backend"] == "cpu"


@pytest.mark.parametrize("status", ["34", "803", "804"])
def test_the_hosts_loader_does_not_outvote_nvidia_smi_and_a_containers_does(cuda, status):
    """A container inherits neither LD_LIBRARY_PATH nor the packages of its host."""
    machine = cuda(STUB_STATUS=status)
    machine.nvidia(ROW)
    report = machine.report()
    assert report["selection"]["backend"] == "cuda"
    assert report["advice_codes"] == ["host-libcuda-outvoted"]
    machine.container()
    report = machine.report()
    assert report["selection"]["backend"] == "cpu"
    assert [gpu["state"] for gpu in report["gpus"]] == ["dead"]
    assert "host-libcuda-outvoted" not in report["advice_codes"]


def test_a_card_that_libcuda_does_not_list(cuda):
    machine = cuda(STUB_DEVICES="1")
    machine.nvidia(ROW, ROW.replace("0, GPU-1", "1, GPU-2").replace(":01:", ":02:"))
    states = [(gpu["state"], gpu["why"]) for gpu in machine.report()["gpus"]]
    assert states == [("accessible", None), ("present", "libcuda does not reach it")]


def test_one_uuid_is_one_card_whatever_address_libcuda_gives_it(cuda):
    machine = cuda()
    machine.nvidia(ROW.replace(":01:", ":41:"))
    gpus = [gpu for gpu in machine.report()["gpus"] if gpu["uuid"] == UUID]
    assert [gpu["state"] for gpu in gpus] == ["accessible"]


@pytest.mark.parametrize("variable", ["STUB_HANG", "STUB_CRASH"])
def test_a_libcuda_that_hangs_or_crashes_says_nothing(cuda, variable):
    machine = cuda(**{variable: "1"})
    machine.nvidia(ROW)
    (gpu,) = machine.facts(timeout_s=1).gpus
    assert gpu.state == "accessible"


def test_a_container_without_the_library_says_which_capability_it_lacks(machine):
    machine.nvidia_sysfs()
    machine.nvidia_nodes()
    machine.container()
    machine.nvidia()
    machine.variables = {"LD_LIBRARY_PATH": str(machine.root)}
    gpu = only_gpu(machine)
    if gpu["state"] == "accessible":
        pytest.skip("this machine has a libcuda of its own")
    assert gpu["why"] == "libcuda.so.1 is not in this container"
    assert "NVIDIA_DRIVER_CAPABILITIES" in machine.report()["advice"][0]


def test_free_memory_is_asked_for_only_where_it_is_wanted(cuda):
    from probe.detect.collect import collect

    machine = cuda()
    assert machine.facts().gpus[0].memory_free_mib is None
    (gpu,) = collect(machine=machine.machine(), memory=True).gpus
    assert gpu.memory_free_mib == 20 * 1024
