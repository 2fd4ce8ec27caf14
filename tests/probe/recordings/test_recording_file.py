"""Recordings as files: what is read, and what is refused by name."""

import json
from pathlib import Path

import pytest

from probe.errors import ProbeError
from probe.machine.outcome import Outcome
from probe.machine.this_machine import Platform
from probe.recordings.mask import Mask
from probe.recordings.matrix import replay
from probe.recordings.recording import Expected, RecordedCommand, Recording
from probe.recordings.recording_file import read_recording, write_recording
from probe.tables.builds import load_table

LINUX = '"platform": {"system": "linux", "arch": "x86_64"}'


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


def written(path: Path, **entries: object) -> Path:
    platform = {"system": "linux", "arch": "x86_64"}
    path.write_text(json.dumps({"recording": 1, "platform": platform, **entries}))
    return path


def test_what_is_written_is_read(tmp_path):
    hung = Outcome(exit=None, ms=5000, text="a\nb", failure="timeout", why="no answer within 5 s")
    recording = Recording(
        platform=Platform(system="linux", arch="x86_64"),
        commands=[RecordedCommand(("nvidia-smi", "-L"), hung)],
        tools=["docker"],
        files={"/a": "1\n2", "/b": None},
        evidence="recorded",
    )
    write_recording(recording, tmp_path / "x.json", Mask())
    assert read_recording(tmp_path / "x.json") == recording


@pytest.mark.parametrize(
    ("why", "failure"),
    [
        ("no answer within 5 s", "timeout"),
        ("killed by signal 11 (SIGSEGV)", "signal"),
        ("can't be started: Exec format error", "not-started"),
        ("printed more than 1024 KiB", "too-long"),
    ],
)
def test_a_recording_of_before_failures_had_a_code(tmp_path, why, failure):
    command = {"command": ["rocm-smi"], "exit": None, "why": why}
    recording = read_recording(written(tmp_path / "x.json", commands=[command]))
    assert recording.commands[0].outcome.failure == failure


def test_what_a_machine_of_the_matrix_says_of_itself(tmp_path):
    recording = read_recording(
        written(
            tmp_path / "x.json",
            about="a machine",
            evidence="quoted",
            source="https://example.org/1",
            expected={"backend": "cpu", "states": [], "advice_codes": ["amd-untried"]},
        )
    )
    assert (recording.about, recording.evidence) == ("a machine", "quoted")
    assert recording.source == "https://example.org/1"
    assert recording.expected == Expected(backend="cpu", states=[], advice_codes=["amd-untried"])


def test_what_is_expected_of_findings_and_words(tmp_path):
    expected = {
        "findings": ["nvidia-gpu-lost"],
        "not_findings": ["cuda-error"],
        "says": ["reboot"],
        "says_not": ["modprobe"],
    }
    recording = read_recording(written(tmp_path / "x.json", expected=expected))
    assert recording.expected == Expected(
        findings=("nvidia-gpu-lost",),
        not_findings=("cuda-error",),
        says=("reboot",),
        says_not=("modprobe",),
    )


def test_what_was_expected_before_advice_had_codes_is_read(tmp_path):
    recording = read_recording(written(tmp_path / "x.json", expected={"advice": ["reboot"]}))
    assert recording.expected == Expected(advice=("reboot",))


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"evidence": "seen"}, "evidence is 'seen', none of recorded, quoted, written"),
        ({"expected": {"bakcend": "cpu"}}, "expected has bakcend"),
        ({"expected": {"env": {"A": 1}}}, "env.A is no text"),
        ({"expected": {"says": "reboot now"}}, "says is no list"),
        ({"environ": {"A": None}}, "environ.A is no text"),
        ({"nodes": {"/dev/kfd": {"usable": 1}}}, "usable is neither true nor false"),
        ({"commands": [{"command": ["x"], "why": "odd"}]}, "why is 'odd'"),
        ({"commands": [{"command": ["x"], "failure": "odd"}]}, "failure is 'odd', none of"),
        ({"commands": [{"command": ["x"], "exit": True}]}, "exit is no whole number"),
    ],
)
def test_the_damage_is_named(tmp_path, entries, message):
    with pytest.raises(ProbeError, match=r"x\.json: a damaged recording \(") as caught:
        read_recording(written(tmp_path / "x.json", **entries))
    assert message in str(caught.value)
