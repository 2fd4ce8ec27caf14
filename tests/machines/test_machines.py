"""Every recorded machine gets the choice that it expects. Copy a recording here to add one."""

from dataclasses import replace

import pytest

from probe.recordings.matrix import MACHINES, differences, doctor_differences, replay
from probe.recordings.recording_file import read_recording
from probe.tables.builds import load_table

FILES = sorted(MACHINES.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_choice(file):
    recording = read_recording(file)
    assert recording.about and recording.expected, "say what it is and what is expected of it"
    assert recording.evidence, "say whether it was recorded, quoted or written by hand"
    assert (recording.evidence == "quoted") == bool(recording.source), "say where it was quoted"
    report = replay(recording, load_table())
    assert differences(recording.expected, report) == []
    assert sorted(set(report["advice"])) == sorted(report["advice"]), "a line of advice comes twice"
    assert doctor_differences(recording, load_table()) == []


def test_no_machine_is_here_under_two_names():
    names: dict[str, list[str]] = {}
    for file in FILES:
        seen = replace(read_recording(file), about="", evidence=None, source="", expected=None)
        names.setdefault(repr(seen), []).append(file.stem)
    assert [same for same in names.values() if len(same) > 1] == []
