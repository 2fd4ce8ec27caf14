"""The volume: a build is whole or not there, one process makes it, a dead one is followed."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from waiting import wait_for

from probe.universal import volume
from probe.universal.errors import InstallError, SpaceError

ROOT = Path(__file__).resolve().parents[3]
# Makes the build "b" slowly: it says when it is at work, in a file, and then waits for another.
MAKER = """
import sys, time
from pathlib import Path
from probe.universal import volume
root = Path(sys.argv[1])
def fill(work, lock):
    site = work / "site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "half").touch()
    (root / "started").touch()
    while not (root / "go").exists():
        time.sleep(0.01)
    (site / "whole").write_text(sys.argv[2])
    return site
volume.ensure(root, "b", fill, lambda line: print(line, flush=True))
"""


HOLDER = """
import os, subprocess, sys
from pathlib import Path
from probe.universal import volume
def fill(work, lock):
    child = subprocess.Popen(['sleep', '60'], pass_fds=(lock,))
    print(child.pid, flush=True)
    os.kill(os.getpid(), 9)
volume.ensure(Path(sys.argv[1]), 'b', fill, print)
"""


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts Python programs whose output is read; none is left behind."""
    with ExitStack() as stack:

        def start_program(program: str, *arguments: str) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", program, *arguments],
                env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start_program


def until(path: Path) -> None:
    wait_for(path.exists, what=f"{path.name} to appear")


def fill(work: Path, lock: int) -> Path:
    site = work / "site"
    site.mkdir(parents=True, exist_ok=True)
    (site / "whole").write_text("fill")
    return site


def test_a_build_is_made_once(tmp_path: Path) -> None:
    made = volume.ensure(tmp_path, "b", fill, print)
    assert (made / "whole").read_text() == "fill"
    assert volume.ensure(tmp_path, "b", lambda work, lock: pytest.fail("made again"), print) == made
    assert not (tmp_path / ".b.work").exists()


def test_nobody_sees_half_a_build_and_a_second_maker_waits(start, tmp_path: Path) -> None:
    first = start(MAKER, str(tmp_path), "first")
    until(tmp_path / "started")
    second = start(MAKER, str(tmp_path), "second")
    assert second.stdout is not None
    assert "is installing it into the same volume" in second.stdout.readline()
    assert not (tmp_path / "b").exists()
    (tmp_path / "go").touch()
    assert (first.wait(30), second.wait(30)) == (0, 0)
    assert (tmp_path / "b" / "whole").read_text() == "first"


def test_a_killed_makers_place_is_taken(start, tmp_path: Path) -> None:
    first = start(MAKER, str(tmp_path), "first")
    until(tmp_path / "started")
    waiting: list[Path] = []
    thread = threading.Thread(
        target=lambda: waiting.append(volume.ensure(tmp_path, "b", fill, lambda line: None))
    )
    thread.start()
    first.send_signal(signal.SIGKILL)
    first.wait(30)
    thread.join(30)
    assert waiting == [tmp_path / "b"]
    assert (tmp_path / "b" / "whole").read_text() == "fill"


def test_a_child_left_running_keeps_the_lock(start, tmp_path: Path) -> None:
    """A killed installer's pip still writes into the same folder: nobody may start over there."""
    holder = start(HOLDER, str(tmp_path))
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    holder.wait(30)
    said = threading.Event()
    thread = threading.Thread(
        target=volume.ensure, args=(tmp_path, "b", fill, lambda line: said.set())
    )
    thread.start()
    assert said.wait(30)
    assert not (tmp_path / "b").exists()
    os.kill(child, signal.SIGKILL)
    thread.join(30)
    assert (tmp_path / "b").is_dir()


def test_too_little_room_says_how_much_is_needed(tmp_path: Path) -> None:
    with pytest.raises(SpaceError, match=r"installing it needs 1000000000000 MB in .* are free"):
        volume.require_space(tmp_path, 10**18, "installing it")
    volume.require_space(tmp_path, 1, "installing it")


def test_a_place_that_is_no_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InstallError, match=r"file: .*the user \d+ of this container may write"):
        volume.ensure(tmp_path / "file", "b", fill, print)


def test_builds_of_an_older_lock_are_found(tmp_path: Path) -> None:
    for name in ("2.13.0-cpu-aaa", "2.13.0-cpu-bbb", "2.13.0-cu130-ccc", "2.12.0-cpu-ddd"):
        (tmp_path / name).mkdir()
    assert volume.older(tmp_path, "2.13.0-cpu-aaa") == [tmp_path / "2.13.0-cpu-bbb"]
