"""Recording a machine, masked, and deciding again from the file."""

import pytest

from probe.decide.choose import choose
from probe.detect.collect import collect
from probe.recordings.mask import Mask
from probe.recordings.matrix import replay
from probe.recordings.recorder import RecordingMachine
from probe.recordings.recording_file import read_recording, write_recording
from probe.recordings.replay import ReplayMachine
from probe.report.schema import report
from probe.tables.builds import load_table

LINUX = '"platform": {"system": "linux", "arch": "x86_64"}'


def recorded(machine, path):
    recording_machine = RecordingMachine(machine.machine())
    facts = collect(machine=recording_machine)
    write_recording(recording_machine.recording, path, Mask(("box",)))
    return report(facts, choose(facts, load_table()))


def without_times_and_names(found):
    for line in found["trace"]:
        line["ms"] = 0
    for gpu in found["gpus"]:
        gpu["uuid"] = None
    found["selection"]["visible_devices"] = len(found["selection"]["visible_devices"])
    return found


def test_a_replay_decides_as_the_machine_did(machine, tmp_path):
    machine.nvidia()
    machine.nvidia_sysfs()
    machine.nvidia_nodes()
    machine.amd()
    machine.container()
    machine.tool("rocminfo", "echo so sorry; exit 3")
    machine.variables = {"HIP_VISIBLE_DEVICES": "0"}
    path = tmp_path / "machine.json"
    here = recorded(machine, path)
    there = replay(read_recording(path), load_table())
    assert without_times_and_names(there) == without_times_and_names(here)


def test_nothing_that_tells_machines_apart_is_written(machine, tmp_path):
    machine.nvidia()
    machine.amd()
    machine.tool(
        "rocminfo",
        "echo 'Serial Number: 0324521A77 on box at 10.1.2.3, 00:1b:63:84:45:e6, /home/jane/x'",
    )
    machine.file("/proc/1/cgroup", "0::/docker/" + "ab" * 32)
    path = tmp_path / "machine.json"
    recorded(machine, path)
    text = path.read_text()
    for secret in ("11111111-2222", "6148914691236517205", "0324521A77", "10.1.2.3", "00:1b"):
        assert secret not in text
    for secret in ("jane", "abab", "on box"):
        assert secret not in text
    assert "580.95.05" in text and "00000000:01:00.0" in text


def test_what_is_no_unicode_can_be_recorded(machine, tmp_path):
    machine.variables = {"CUDA_VISIBLE_DEVICES": "\udcff"}
    path = tmp_path / "machine.json"
    recorded(machine, path)
    assert read_recording(path).environ == {"CUDA_VISIBLE_DEVICES": "\udcff"}


@pytest.mark.parametrize("name", ["gpu", "card0", "0", "580", "NVIDIA", "system", "driver", "ab"])
def test_a_host_with_the_name_of_a_key_loses_no_answer(machine, tmp_path, name):
    machine.nvidia()
    machine.amd()
    machine.printing_tool(
        "amd-smi", '[{"gpu": 0, "asic": {"market_name": "X"}, "bus": {"bdf": "0000:03:00.0"}}]'
    )
    recording_machine = RecordingMachine(machine.machine())
    here = report(facts := collect(machine=recording_machine), choose(facts, load_table()))
    path = tmp_path / "machine.json"
    write_recording(recording_machine.recording, path, Mask((name,)))
    there = replay(read_recording(path), load_table())
    assert without_times_and_names(there) == without_times_and_names(here)


@pytest.mark.parametrize(
    ("value", "wheel"),
    [
        ("GPU-1111", "cu130"),
        ("GPU-11111111-2222-3333-4444-555555555555", "cu130"),
        ("GPU-2", "cpu"),
        ("0", "cu130"),
    ],
)
def test_a_uuid_that_is_cut_short_still_names_its_card(machine, tmp_path, value, wheel):
    machine.nvidia()
    machine.variables = {"CUDA_VISIBLE_DEVICES": value}
    path = tmp_path / "machine.json"
    assert recorded(machine, path)["selection"]["wheel"] == wheel
    assert "1111" not in path.read_text()
    assert replay(read_recording(path), load_table())["selection"]["wheel"] == wheel


def test_the_marks_of_a_place_are_carried_and_no_more(machine, tmp_path):
    """Of the first process one variable, of the mounts their kind, of variables that they are."""
    machine.file("/proc/1/environ", "API_TOKEN=secret-1\0container=lxc\0HOME=/root\0")
    machine.file(
        "/proc/self/mountinfo",
        "27 1 254:0 / / rw - ext4 /dev/mapper/alices--laptop--vg-root rw\n"
        "61 27 0:44 / /proc/stat rw - fuse.lxcfs lxcfs rw\n",
    )
    machine.file("/etc/os-release", "ID=gentoo\n")
    machine.variables = {"WSL_DISTRO_NAME": "AlicesUbuntu"}
    path = tmp_path / "machine.json"
    here = recorded(machine, path)
    text = path.read_text()
    for secret in ("API_TOKEN", "secret-1", "laptop", "Alices"):
        assert secret not in text
    there = replay(read_recording(path), load_table())
    assert there["host"] == here["host"]
    assert (there["host"]["where"]["container"], there["host"]["system"]) == ("lxc", "gentoo")


def test_the_tools_that_were_looked_for_are_carried(machine, tmp_path):
    machine.tool("doas", "exit 1")
    path = tmp_path / "machine.json"
    recorded(machine, path)
    recording = read_recording(path)
    assert "doas" in recording.tools
    assert "sudo" in recording.absent
    replayed = ReplayMachine(recording)
    assert (replayed.has("doas"), replayed.has("sudo")) == (True, False)
    assert replayed.root() == machine.machine().root()


def test_of_a_recording_of_before_nobody_knows_most_tools(machine, tmp_path):
    path = tmp_path / "machine.json"
    path.write_text(f'{{"recording": 1, {LINUX}}}')
    old = ReplayMachine(read_recording(path))
    assert (old.has("dmesg"), old.has("nvidia-ctk"), old.root()) == (None, False, False)
