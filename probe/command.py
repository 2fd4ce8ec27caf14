"""Runs one external tool within a bound: vendor tools hang, fork and print without end."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from probe.finding import Outcome

OUTPUT_CAP = 1024 * 1024  # bytes; the longest honest answer (nvidia-smi -q, 16 GPUs) is a tenth
POLL_S = 0.02
REAP_S = 0.5  # a killed child in an uninterruptible driver call is left to init after this


def run_bounded(
    command: Sequence[str],
    *,
    timeout_s: float,
    environ: Mapping[str, str],
    output_cap: int = OUTPUT_CAP,
) -> Outcome:
    """Run ``command`` for at most ``timeout_s`` seconds, then kill it with all that it started.

    Never raises for what the tool does: a missing file, a signal, a hang and too much output are
    outcomes. Its messages are asked for in English (``LC_ALL=C``).
    """
    started = time.monotonic()
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environ, "LC_ALL": "C", "LANGUAGE": "C"},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Outcome(exit=None, ms=_ms_since(started), why=f"can't be started: {reason}")
    try:
        output, why = _read(process, started + timeout_s, timeout_s, output_cap)
    finally:
        # Its whole group, also after a good end: what a tool leaves behind holds our pipe open.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(REAP_S)
        if process.stdout is not None:
            process.stdout.close()
    text = output.decode("utf-8", errors="replace")
    code = process.returncode
    if why is None and code is not None and code < 0:
        why = f"killed by signal {-code} ({_signal_name(-code)})"
    return Outcome(exit=code if why is None else None, ms=_ms_since(started), text=text, why=why)


def _read(
    process: subprocess.Popen[bytes], deadline: float, timeout_s: float, output_cap: int
) -> tuple[bytes, str | None]:
    """All output until the process ends; with a reason where it is cut off."""
    if process.stdout is None:
        return b"", "no output pipe"
    descriptor = process.stdout.fileno()
    poller = select.poll()
    poller.register(descriptor, select.POLLIN | select.POLLHUP)
    output = bytearray()
    open_pipe = True
    while True:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            return bytes(output), f"no answer within {timeout_s:.3g} s"
        wait = min(remaining, POLL_S)
        if open_pipe and poller.poll(wait * 1000):
            chunk = os.read(descriptor, 65536)
            open_pipe = bool(chunk)
            output += chunk
            if len(output) > output_cap:
                return bytes(output[:output_cap]), f"printed more than {output_cap // 1024} KiB"
        elif process.poll() is not None:
            # Ended; a process that it forked may still hold the pipe.
            return bytes(output), None
        elif not open_pipe:
            time.sleep(wait / 10)


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
