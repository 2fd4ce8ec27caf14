"""Bounded runs of real processes."""

import sys
import time

import pytest

from probe.machine.command import run_bounded

ENVIRON = {"PATH": "/usr/bin:/bin"}


def shell(script: str, *, timeout_s: float = 10.0, output_cap: int = 1 << 20):
    return run_bounded(
        ("/bin/sh", "-c", script), timeout_s=timeout_s, environ=ENVIRON, output_cap=output_cap
    )


def test_output_and_exit_code():
    outcome = shell("echo out; echo err >&2; exit 3")
    assert (outcome.exit, outcome.text, outcome.why, outcome.ok) == (3, "out\nerr\n", None, False)


def test_messages_are_asked_for_in_english():
    assert shell('echo "$LC_ALL"').text == "C\n"


def test_standard_input_is_empty():
    assert shell("cat; echo done").text == "done\n"


def test_a_missing_file_is_an_outcome():
    outcome = run_bounded(("/nowhere/tool",), timeout_s=1, environ=ENVIRON)
    assert outcome.exit is None
    assert outcome.why == "can't be started: No such file or directory"


def test_a_file_that_is_no_program_is_an_outcome(tmp_path):
    tool = tmp_path / "tool"
    tool.write_bytes(b"\x7fELF\x00garbage")
    tool.chmod(0o755)
    outcome = run_bounded((str(tool),), timeout_s=1, environ=ENVIRON)
    assert outcome.exit is None
    assert (outcome.why or "").startswith("can't be started: ")


def test_a_signal_is_a_reason():
    outcome = shell("kill -SEGV $$")
    assert (outcome.exit, outcome.why) == (None, "killed by signal 11 (SIGSEGV)")


def test_a_tool_that_nobody_waits_for_any_more_is_ended(tmp_path):
    mark = tmp_path / "mark"
    started = time.monotonic()
    outcome = run_bounded(
        ("/bin/sh", "-c", f"echo first; : > {mark}; exec sleep 60"),
        timeout_s=60,
        environ=ENVIRON,
        given_up=mark.exists,
    )
    assert time.monotonic() - started < 10
    assert (outcome.exit, outcome.failure, outcome.text) == (None, "timeout", "first\n")
    assert (outcome.why or "").startswith("no answer within ")
    assert outcome.why != "no answer within 60 s"


def test_a_hang_is_cut_off_with_all_its_children(tmp_path):
    pid_file = tmp_path / "pid"
    started = time.monotonic()
    outcome = shell(f"sleep 60 & echo $! > {pid_file}; echo first; wait", timeout_s=0.5)
    assert time.monotonic() - started < 5
    assert (outcome.exit, outcome.why) == (None, "no answer within 0.5 s")
    assert outcome.text == "first\n"
    child = int(pid_file.read_text())
    for _ in range(100):
        if not is_running(child):
            break
        time.sleep(0.05)
    assert not is_running(child)


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - a proc file
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_closed_output_does_not_end_the_wait():
    outcome = shell("exec >&- 2>&-; sleep 0.3; exit 4")
    assert (outcome.exit, outcome.why) == (4, None)


def test_output_is_capped():
    outcome = shell("while :; do echo 0123456789; done", output_cap=4096)
    assert (outcome.exit, outcome.why, len(outcome.text)) == (None, "printed more than 4 KiB", 4096)


def test_binary_output_is_text():
    outcome = run_bounded(
        (sys.executable, "-c", "import os; os.write(1, bytes(range(256)))"),
        timeout_s=10,
        environ=ENVIRON,
    )
    assert outcome.ok
    assert "�" in outcome.text


@pytest.mark.parametrize("exit_code", [1, 2, 9, 127, 255])
def test_exit_codes_come_through(exit_code):
    assert shell(f"exit {exit_code}").exit == exit_code


def test_complaints_come_after_the_answer_whenever_they_were_written():
    outcome = shell("printf row; echo complaint >&2; printf s")
    assert outcome.text == "rows\ncomplaint\n"


def test_complaints_without_end_do_not_cost_the_answer():
    outcome = shell("head -c 3000000 /dev/zero >&2; echo answer", output_cap=1000)
    assert outcome.ok
    assert outcome.text.startswith("answer\n")
    assert len(outcome.text) < 100_000


def test_all_that_was_printed_before_the_end_is_read():
    outcome = shell("head -c 500000 /dev/zero | tr '\\0' x; sleep 30 &")
    assert outcome.ok
    assert len(outcome.text) == 500_000
