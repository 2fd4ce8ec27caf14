"""Real processes, without ``subprocess``."""

import os
import resource
import signal
import sys
import time
from contextlib import suppress

import pytest

from probe.machine.process import Process


def finish(process: Process) -> bytes:
    """All of its standard output; the process has ended then."""
    output = b""
    while chunk := os.read(process.stdout, 65536):
        output += chunk
    for _ in range(500):
        if process.poll() is not None:
            break
        time.sleep(0.01)
    process.end(5)
    return output


def python(script: str) -> Process:
    return Process((sys.executable, "-I", "-S", "-c", script), {})


def open_files() -> set[str]:
    return set(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names, not paths


def test_output_and_exit_code():
    before = open_files()
    process = Process(("/bin/sh", "-c", 'printf "%s" "$WORD"; exit 3'), {"WORD": "a b"})
    assert finish(process) == b"a b"
    assert process.exit == 3
    assert open_files() == before


def test_it_reads_nothing_and_inherits_no_file_of_ours():
    with open(__file__, "rb"):  # noqa: PTH123 - any file that is open here
        process = Process(("/bin/sh", "-c", "cat; ls -l /proc/self/fd"), {"PATH": os.defpath})
        listing = finish(process).decode()
    assert " 1 -> pipe:" in listing
    assert __file__ not in listing


def test_it_has_a_session_of_its_own():
    process = python("import os; print(os.getsid(0) == os.getpid())")
    assert finish(process) == b"True\n"


def test_a_signal_that_python_ignores_is_not_ignored_there():
    assert signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN
    status = finish(Process(("/bin/cat", "/proc/self/status"), {})).decode()
    ignored = int(status.partition("SigIgn:")[2].split()[0], 16)
    assert not ignored & 1 << (signal.SIGPIPE - 1)


def test_the_signal_that_ended_it_is_told():
    process = Process(("/bin/sh", "-c", "kill -SEGV $$"), {})
    finish(process)
    assert process.exit == -signal.SIGSEGV


def test_a_start_that_fails_leaves_no_pipe():
    before = open_files()
    with pytest.raises(FileNotFoundError):
        Process(("/nowhere/tool",), {})
    with pytest.raises(ValueError, match="null"):
        Process(("/bin/sh", "-c", "\0"), {})
    assert open_files() == before


def test_a_limit_of_open_files_leaves_no_pipe():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, open_files())) + 8, hard))
    taken = []
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))
        for _ in range(3):  # the first pipe can be made, the second can't
            os.close(taken.pop())
        with pytest.raises(OSError, match="Too many open files"):
            Process(("/bin/true",), {})
        taken += [os.dup(0) for _ in range(3)]
    finally:
        for descriptor in taken:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_end_is_the_end_of_its_children_too():
    process = Process(("/bin/sh", "-c", "sleep 60 & echo $!; wait"), {"PATH": os.defpath})
    child = int(os.read(process.stdout, 100))
    process.end(5)
    assert process.exit == -signal.SIGKILL
    for _ in range(500):
        try:
            with open(f"/proc/{child}/stat") as stat:  # noqa: PTH123 - a proc file
                if stat.read().rpartition(")")[2].split()[0] == "Z":
                    break
        except FileNotFoundError:
            break
        time.sleep(0.01)
    else:
        pytest.fail("the child of the killed process lives on")


def test_where_the_end_of_children_is_ignored():
    earlier = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        process = Process(("/bin/sh", "-c", "exit 3"), {})
        finish(process)
    finally:
        signal.signal(signal.SIGCHLD, earlier)
    assert process.exit == 0
