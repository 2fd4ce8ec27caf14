"""A command that is ended ends what it has started."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_for

# A client that takes its time, and one that does not mind being asked to end.
BUILD = """\
import subprocess, sys
from images import ending
ending.PATIENCE_S = 0.5
with ending.by_signal():
    with ending.child(subprocess.Popen(["sh", "-c", sys.argv[1], sys.argv[2]])) as process:
        process.wait()
"""
PATIENT = 'echo $$ > "$0"; exec sleep 600'
STUBBORN = 'trap "" TERM; echo $$ > "$0.new"; mv "$0.new" "$0"; while :; do sleep 0.1; done'


def alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("client", [PATIENT, STUBBORN], ids=["patient", "stubborn"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_the_child_ends_too(client: str, number: signal.Signals, tmp_path: Path) -> None:
    place = tmp_path / "pid"
    # Whoever runs the tests under nohup has its children ignore SIGHUP.
    fresh = ["env", "--default-signal=HUP,TERM"]
    command = [*fresh, sys.executable, "-c", BUILD, client, str(place)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        wait_for(lambda: place.exists() and place.read_text().strip(), 20, "the child's start")
        child = int(place.read_text())
        process.send_signal(number)
        _, said = process.communicate(timeout=20)
    assert process.returncode == -number  # as whoever sent it expects
    assert said == b""
    wait_for(lambda: not alive(child), 10, "the child's end")


def test_what_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """Under nohup a build outlives its terminal."""
    command = ["nohup", sys.executable, "-c", BUILD, 'echo 1 > "$0"; sleep 1', str(tmp_path / "x")]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        wait_for((tmp_path / "x").exists, 20, "the child's start")
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=20)
    assert process.returncode == 0
