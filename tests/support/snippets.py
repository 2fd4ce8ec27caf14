"""Snippets for recorded machines, for tests of each kind of file."""

import shlex
from typing import Any

from probe.recordings.matrix import MACHINES, replay
from probe.recordings.recording_file import read_recording
from probe.report.snippet import snippet
from probe.report.snippet_start import HostDetails
from probe.tables.builds import load_table


def snippet_for(machine: str, kind: str, root: bool = False, **around: Any) -> str:
    """What alternator 1.2.3 writes for a machine of tests/machines."""
    report = replay(read_recording(MACHINES / f"{machine}.json"), load_table())
    return snippet(kind, report, "1.2.3", HostDetails(root=root, **around))


def words(text: str) -> list[str]:
    """The words of a command, as a shell would read it."""
    return shlex.split(text.replace("\\\n", " "), comments=True)
