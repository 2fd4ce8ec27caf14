"""A recording answers in a machine's place."""

import json

from probe.facts import Node
from probe.machine.outcome import Outcome
from probe.machine.this_machine import LIBCUDA, Platform
from probe.recordings.recording import RecordedCommand, Recording
from probe.recordings.recording_file import read_recording
from probe.recordings.replay import ReplayMachine


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


def test_a_tool_that_ran_or_was_there_is_found():
    answered = Outcome(exit=0, ms=1)
    recording = Recording(
        platform=Platform(system="linux", arch="x86_64"),
        commands=[RecordedCommand(("rocminfo",), answered), RecordedCommand((LIBCUDA,), answered)],
        tools=["docker"],
    )
    machine = ReplayMachine(recording)
    assert machine.find("rocminfo") == "/usr/bin/rocminfo"
    assert machine.find("docker") == "/usr/bin/docker"
    assert machine.find("podman") is None
    assert machine.find(LIBCUDA) is None  # a library, whose child we bring along
    assert machine.whisper_settings() == {}


def test_files_and_their_directories_are_there():
    recording = Recording(
        platform=Platform(system="linux", arch="x86_64"), files={"/sys/a/b": "1", "/sys/c": None}
    )
    tree = ReplayMachine(recording).tree
    assert (tree.read("/sys/a/b"), tree.read("/sys/c"), tree.read("/sys/a")) == ("1", None, None)
    assert tree.exists("/sys/c") and tree.exists("/sys/a") and not tree.exists("/sys/b")
    assert tree.names("/sys") == ["a", "c"]
    assert tree.names("/sys", "a.*") == ["a"]
