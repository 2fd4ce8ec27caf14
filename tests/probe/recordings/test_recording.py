"""Recording a machine, masked, and deciding again from the file."""

import json
import time
from pathlib import Path

import pytest

from probe.decide.choose import choose
from probe.detect.collect import collect
from probe.errors import ProbeError
from probe.facts import Node
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


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GPU-8a7b6c5d-1111-2222-3333-444455556666", "GPU-00000001-0000-4000-8000-000000000000"),
        ("Unique ID 0x5555555555555555", "Unique ID 0x0000000000000001"),
        ("Unique ID 0x4edfb117a17a07d", "Unique ID 0x0000000000000001"),
        ("Size: 33554432(0x2000000) KB", None),
        ("<serial>0424418054852</serial>", "<serial>SERIAL1</serial>"),
        ("/Users/alice/lib, /home/bob/lib", "/Users/user/lib, /home/user/lib"),
        ("simd_count 4\nunique_id 6148914691236517205\n", "simd_count 4\nunique_id 1\n"),
        ('"Serial Number": "PCB0012-AB"', '"Serial Number": "SERIAL1"'),
        ("fe80::1ff:fe23:4567:890a", "2001:db8::1"),
        ("2a00:1450:4001:82b:0:0:0:200e", "2001:db8::1"),
        ("2a00:1450::/32, fd00::5", "2001:db8::1/32, 2001:db8::2"),
        ("0::/docker/x", None),  # a line of /proc/1/cgroup
        ("driver 580.95.05, bus 00000000:01:00.0, 0000:c5:00.0", None),
        ("linux 6.12.12-amd64, NVRM version: 550.144.03", None),
    ],
)
def test_mask(text, masked):
    assert Mask()(text) == (text if masked is None else masked)


def test_equal_things_stay_equal_in_all_their_forms():
    mask = Mask()
    hexadecimal, decimal = mask("GPU-00000000deadbeef"), mask("unique_id 3735928559")
    assert (hexadecimal, decimal) == ("GPU-0000000000000001", "unique_id 1")
    assert mask("MIG-8a7b6c5d-1111-2222-3333-444455556666")[4:] == mask(
        "8A7B6C5D-1111-2222-3333-444455556666"
    )


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "[]",
        '{"recording": 2}',
        '{"recording": 1}',
        '{"recording": 1, "platform": {"system": "linux", "arch": "x86_64"}, "commands": [7]}',
        '{"recording": 1, "platform": {"system": "linux", "arch": "x86_64"}, "files": []}',
        f'{{"recording": 1, {LINUX}, "commands": [{{"command": []}}]}}',
        f'{{"recording": 1, {LINUX}, "commands": [{{"command": "nvidia-smi"}}]}}',
        f'{{"recording": 1, {LINUX}, "commands": [{{"command": ["x"], "exit": 1e999}}]}}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_no_recording(tmp_path, content):
    path = tmp_path / "machine.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ProbeError, match=r"machine\.json: "):
        read_recording(path)


def test_a_recording_of_a_newer_version_names_the_remedy(tmp_path):
    path = tmp_path / "machine.json"
    path.write_text('{"recording": 2}')
    with pytest.raises(ProbeError, match="format 2, and this version reads format 1; update"):
        read_recording(path)


def test_a_file_without_end_is_not_read_to_its_end():
    with pytest.raises(ProbeError, match="too large"):
        read_recording(Path("/dev/zero"))


def test_a_byte_order_mark_and_halves_of_characters(tmp_path):
    """What editors of Windows and damaged files leave."""
    path = tmp_path / "machine.json"
    text = "index, uuid, name, driver_version, compute_cap\\n0, GPU-a, A \\ud800 B, 580.1, 8.9\\n"
    command = f'{{"command": ["nvidia-smi", "--query-gpu"], "text": "{text}"}}'
    content = f'\ufeff{{"recording": 1, {LINUX}, "commands": [{command}]}}'
    path.write_text(content, encoding="utf-8")
    report = replay(read_recording(path), load_table())
    assert [gpu["name"] for gpu in report["gpus"]] == ["A  B"]
    assert report["selection"]["wheel"] == "cu130"


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


def test_a_newer_query_is_answered_by_an_older_recording(tmp_path):
    path = tmp_path / "machine.json"
    path.write_text(
        json.dumps(
            {
                "recording": 1,
                "platform": {"system": "linux", "arch": "x86_64"},
                "commands": [
                    {"command": ["nvidia-smi", "--query-gpu=index"], "exit": 2, "text": ["no"]},
                    {"command": ["nvidia-smi", "--query-gpu=uuid"], "text": ["yes"]},
                    {"command": ["nvidia-smi", "-L"], "text": ["list"]},
                ],
                "nodes": {"/dev/kfd": {"usable": False}},
            }
        )
    )
    machine = ReplayMachine(read_recording(path))
    query = "--query-gpu=index,something.new"
    answers = [machine.run("nvidia-smi", [query], 1) for _ in range(3)]
    assert [answer.text for answer in answers] == ["no", "yes", "yes"]
    assert machine.run("nvidia-smi", ["-L"], 1).text == "list"
    assert machine.run("rocminfo", [], 1).why == "not installed"
    assert machine.tree.node("/dev/kfd") == Node(
        path="/dev/kfd", group=0, open_to_all=True, usable=False
    )
    assert machine.tree.names("/dev") == ["kfd"]


@pytest.mark.parametrize("text", ["serial ", "0:", "1.", "a-", "GPU-", "serial: ", "/home/"])
def test_a_megabyte_is_masked_in_time(text):
    """Each form repeated without end: no pattern may look at the rest of the text every time."""
    started = time.monotonic()
    Mask(("box",))(text * (1_000_000 // len(text)))
    Mask(("box",))(",\n".join(f"{text}{number}" for number in range(100_000)))
    assert time.monotonic() - started < 20
