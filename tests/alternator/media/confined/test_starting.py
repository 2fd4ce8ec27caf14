"""What a decoder that was taken over can't do. Each is tried from inside a real, held process."""

import gc
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from alternator.media.child import Bounds, Ended, run_bounded
from alternator.media.confined import starting
from alternator.media.confined.reach import NOTHING, Reach
from alternator.media.confined.seccomp import refused_calls
from alternator.media.confined.standing import of_kernel, standing_of
from alternator.media.confined.starting import Held, Limits, limit, start

MIB = 1024 * 1024
PLENTY = Bounds(seconds=60, memory=1024 * MIB, output=MIB)
LIMITS = Limits(memory=1024 * MIB, cpu=60, file=MIB)

# Each does one thing and says what the kernel says to it: "done", or the error's name.
TRY = """
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *words):
    if libc.syscall(number, *words) < 0:
        raise OSError(ctypes.get_errno(), "")
try:
    {deed}
    print("done")
except OSError as error:
    print(errno.errorcode.get(error.errno, error))
"""


def said(deed: str, reach: Reach = NOTHING) -> str:
    ended = run_bounded([sys.executable, "-c", TRY.format(deed=deed)], PLENTY, reach=reach)
    assert ended.how == "done", ended
    return ended.output.decode().strip()


@pytest.fixture
def filtered() -> None:
    if why := of_kernel().seccomp:
        pytest.skip(f"no seccomp here: {why}")


@pytest.fixture
def walled() -> None:
    if why := of_kernel().landlock:
        pytest.skip(f"no landlock here: {why}")


@pytest.mark.usefixtures("filtered")
@pytest.mark.parametrize(
    "deed",
    [
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)",
        "socket.socket(socket.AF_UNIX)",
        "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
        "socket.socketpair()",
        "call({ptrace}, 16, os.getppid(), 0, 0)",  # PTRACE_ATTACH
        "call({process_vm_readv}, os.getppid(), 0, 0, 0, 0, 0)",
        "call({unshare}, 0x10000000)",  # CLONE_NEWUSER
        "call({mount}, 0, 0, 0, 0, 0)",
        "call({bpf}, 0, 0, 0)",
        "os.memfd_create('program')",
        "call({io_uring_setup}, 1, 0)",
    ],
)
def test_a_call_is_refused(deed: str):
    assert said(deed.format_map(refused_calls(os.uname().machine))) == "EPERM"


@pytest.mark.usefixtures("walled")
@pytest.mark.parametrize(
    "path", ["/etc/shadow", "/etc/passwd", "/proc/self/environ", "/proc/1/environ", "/root", "/"]
)
def test_a_file_of_the_machine_is_not_read(path: str):
    deed = f"os.listdir({path!r})" if Path(path).is_dir() else f"open({path!r})"
    assert said(deed) == "EACCES"


@pytest.mark.usefixtures("walled")
def test_nor_is_the_bots_memory_or_what_it_was_started_with():
    for file in ("environ", "mem", "maps"):
        assert said(f"open('/proc/%d/{file}' % os.getppid())") == "EACCES"


@pytest.mark.usefixtures("walled")
def test_the_state_is_neither_read_nor_written(tmp_path: Path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "alternator.sqlite3").write_bytes(b"state")
    media = tmp_path / "media"
    media.mkdir()
    (media / "clip").write_bytes(b"sound")
    reach = Reach(reads=(str(media / "clip"),), writes=(str(media),))
    assert said(f"open({str(media / 'clip')!r})", reach) == "done"
    assert said(f"open({str(media / 'frame')!r}, 'wb')", reach) == "done"
    for deed in (
        f"open({str(state / 'alternator.sqlite3')!r})",
        f"open({str(state / 'alternator.sqlite3')!r}, 'r+b')",
        f"open({str(state / 'new')!r}, 'wb')",
        f"os.listdir({str(state)!r})",
        f"os.unlink({str(state / 'alternator.sqlite3')!r})",
        f"os.mkdir({str(state / 'folder')!r})",
    ):
        assert said(deed, reach) == "EACCES", deed
    # Not by another name either.
    assert said(f"os.symlink({str(state)!r}, {str(media / 'link')!r})", reach) == "EACCES"
    (media / "link").symlink_to(state / "alternator.sqlite3")
    assert said(f"open({str(media / 'link')!r})", reach) == "EACCES"
    assert sorted(path.name for path in state.iterdir()) == ["alternator.sqlite3"]


@pytest.mark.usefixtures("walled")
def test_no_other_program_is_started(tmp_path: Path):
    for words in (["/bin/sh", "-c", "true"], ["/usr/bin/env"], ["/usr/bin/python3"]):
        if Path(words[0]).exists():
            assert said(f"os.execv({words[0]!r}, {words!r})") == "EACCES", words
    # Nor one that it writes itself.
    (tmp_path / "own").write_text("#!/bin/sh\n")
    (tmp_path / "own").chmod(0o755)
    own = str(tmp_path / "own")
    assert said(f"os.execv({own!r}, [{own!r}])", Reach(writes=(str(tmp_path),))) == "EACCES"


@pytest.mark.usefixtures("walled")
def test_the_loader_starts_no_shell_in_a_programs_place():
    from alternator.media.confined.reach import loader_of

    loader = loader_of(os.path.realpath(sys.executable))
    assert loader
    ended = run_bounded(
        [
            sys.executable,
            "-c",
            f"import os; os.execv({loader!r}, [{loader!r}, '/bin/sh', '-c', ':'])",
        ],
        PLENTY,
        errors=True,
    )
    assert ended.how == "failed" and b"cannot open" in ended.output, ended


def test_no_program_gets_more_rights_by_its_file():
    ended = run_bounded(
        [sys.executable, "-c", "import ctypes; print(ctypes.CDLL(None).prctl(39, 0, 0, 0, 0))"],
        PLENTY,
    )
    assert ended.output == b"1\n"


def test_no_core_is_left_behind():
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert run_bounded([sys.executable, "-c", code], PLENTY).output == b"(0, 0)\n"


def test_what_starts_it_keeps_its_own_rights(tmp_path: Path):
    assert run_bounded([sys.executable, "-c", ""], PLENTY).how == "done"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
    (tmp_path / "file").write_bytes(b"")
    assert subprocess.run(["/bin/sh", "-c", "exit 7"], check=False).returncode == 7
    assert gc.isenabled()
    assert not any(thread.name == "starts a decoder" for thread in threading.enumerate())


def test_many_start_side_by_side():
    ends: list[Ended] = []

    def one() -> None:
        ends.append(run_bounded([sys.executable, "-c", "print(1)"], PLENTY))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [ended.output for ended in ends] == [b"1\n"] * 8
    assert gc.isenabled()


def child() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def test_one_that_can_not_be_limited_does_not_stay(monkeypatch: pytest.MonkeyPatch):
    made: list[subprocess.Popen[bytes]] = []

    def refused(pid: int, limits: Limits) -> None:
        raise PermissionError(1, "Operation not permitted")

    def noted() -> "subprocess.Popen[bytes]":
        made.append(child())
        return made[0]

    monkeypatch.setattr(starting, "limit", refused)
    with pytest.raises(PermissionError):
        start(noted, Held(seccomp=False, landlock=False), NOTHING, LIMITS)
    assert made[0].returncode == -9


def test_a_signal_while_it_starts_leaves_none_behind(monkeypatch: pytest.MonkeyPatch):
    made: list[subprocess.Popen[bytes]] = []
    join: Callable[..., None] = threading.Thread.join

    def struck(self: threading.Thread, timeout: float | None = None) -> None:
        join(self, timeout)
        if not made:
            made.append(self.child)  # type: ignore[attr-defined]
            raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "join", struck)
    with pytest.raises(KeyboardInterrupt):
        start(child, Held(seccomp=False, landlock=False), NOTHING, LIMITS)
    assert made[0].returncode == -9


def test_one_that_has_ended_needs_no_limit():
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    limit(done.pid, LIMITS)


def test_what_is_refused_is_refused_ffmpeg_too():
    import shutil

    found = shutil.which("ffmpeg")
    if found is None:
        pytest.skip("ffmpeg is not installed")
    assert standing_of(found).held == Held(
        seccomp=not of_kernel().seccomp, landlock=not of_kernel().landlock
    )
