"""Runs one external tool within a bound: vendor tools hang, fork and print without end."""

import codecs
import os
import select
import signal
import time
from collections.abc import Callable, Mapping, Sequence

from probe.machine.outcome import Failure, Outcome
from probe.machine.process import Process

OUTPUT_CAP = 1024 * 1024  # bytes; the longest honest answer (nvidia-smi -q, 16 GPUs) is a tenth
ERROR_CAP = 64 * 1024  # bytes of complaints that are kept; what comes beyond is read and dropped
CHUNK = 64 * 1024  # bytes
LAST_CHUNKS = 32  # more than a pipe holds
POLL_S, ENDING_POLL_S = 0.02, 0.002
REAP_S = 0.5  # a killed child in an uninterruptible driver call is left to init after this


def run_bounded(
    command: Sequence[str],
    *,
    timeout_s: float,
    environ: Mapping[str, str],
    output_cap: int = OUTPUT_CAP,
    given_up: Callable[[], bool] | None = None,
) -> Outcome:
    """Run ``command`` for at most ``timeout_s`` seconds, then kill it with all that it started.

    ``given_up`` is asked while it is at work, and ends it before its time by saying yes.

    Never raises for what the tool does: a missing file, a signal, a hang and too much output are
    outcomes. Its messages are asked for in English (``LC_ALL=C``). The outcome's text is what went
    to stdout, then what went to stderr: a complaint never falls into the middle of a row.
    """
    started = time.monotonic()
    try:
        process = Process(command, {**environ, "LC_ALL": "C", "LANGUAGE": "C"})
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return Outcome(
            exit=None,
            ms=_ms_since(started),
            failure="not-started",
            why=f"can't be started: {reason}",
        )
    try:
        output, failure = _read(process, started + timeout_s, output_cap, given_up)
    finally:
        # Its whole group, also after a good end: what a tool leaves behind holds our pipe open.
        process.end(REAP_S)
    code, why = process.exit, None
    if failure == "timeout":
        seconds = min(timeout_s, time.monotonic() - started)
        why = f"no answer within {round(seconds, 1 if seconds > 0.1 else 3):g} s"
    elif failure == "too-long":
        why = f"printed more than {output_cap // 1024} KiB"
    elif code is not None and code < 0:
        failure, why = "signal", f"killed by signal {-code} ({_signal_name(-code)})"
    return Outcome(
        exit=code if failure is None else None,
        ms=_ms_since(started),
        text=_text(output),
        failure=failure,
        why=why,
    )


def _read(
    process: Process,
    deadline: float,
    output_cap: int,
    given_up: Callable[[], bool] | None,
) -> tuple[bytes, Failure | None]:
    """All output until the process ends; with the reason where it is cut off."""
    output, errors = bytearray(), bytearray()
    buffers = {process.stdout: output, process.stderr: errors}
    poller = select.poll()
    for descriptor in buffers:
        poller.register(descriptor, select.POLLIN | select.POLLHUP)
    failure: Failure | None = None
    last = LAST_CHUNKS
    while failure is None and last:
        remaining = deadline - time.monotonic()
        if remaining <= 0 or (given_up is not None and given_up()):
            failure = "timeout"
            for descriptor, _ in poller.poll(0):  # what it printed since the last look
                buffers[descriptor] += os.read(descriptor, CHUNK)
            break
        # Asked before reading: all that it printed is in the pipes by then. What a process that it
        # forked prints after its end is not waited for.
        ended = process.poll() is not None
        wait = 0.0 if ended else min(remaining, POLL_S if buffers else ENDING_POLL_S)
        ready = poller.poll(wait * 1000)
        for descriptor, _ in ready:
            chunk = os.read(descriptor, CHUNK)
            buffers[descriptor] += chunk
            if not chunk:
                poller.unregister(descriptor)
                del buffers[descriptor]
        del errors[ERROR_CAP:]
        if len(output) > output_cap:
            del output[output_cap:]
            failure = "too-long"
        if ended:
            last = last - 1 if ready else 0
    if output and errors and not output.endswith(b"\n"):
        output += b"\n"
    return bytes(output + errors), failure


def _text(output: bytes) -> str:
    """UTF-8, or UTF-16 where it begins as that does: tools of Windows write it into pipes."""
    utf_16 = output.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return output.decode("utf-16" if utf_16 else "utf-8", errors="replace")


def _ms_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
