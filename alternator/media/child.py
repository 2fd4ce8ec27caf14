"""Runs a program over somebody else's file, within bounds: time, memory, and what it says.

A child for each file: one that hangs, crashes or eats all memory costs its own file and no other.
What the kernel bears, it is refused: docs/threat-model.md.
"""

import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from alternator.media.confined.reach import NOTHING, Reach, of_program
from alternator.media.confined.standing import standing_of
from alternator.media.confined.starting import Limits, start
from alternator.media.confined.variables import environment
from alternator.progress import SILENT, Progress

# What ended it. "killed" is by somebody else's SIGKILL, as the kernel does when memory is short.
End = Literal["done", "failed", "crashed", "killed", "time", "output", "no start"]

SLICE_SECONDS = 0.5  # between two signs of life
CHUNK_BYTES = 1 << 16
# Where nothing of the kernel's holds a child, a shell sets its limits.
SHELL = (
    "ulimit -c 0; ulimit -v {memory}; ulimit -t {cpu}; ulimit -f {file}; "
    '{{ echo 1000 > /proc/self/oom_score_adj; }} 2>/dev/null; exec "$@"'
)


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Of one child: ``seconds`` of the clock, ``memory`` as address space, sizes in bytes.

    ``file`` is the largest file that it may write.
    """

    seconds: float
    memory: int
    output: int
    file: int = 0


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What came of a child: ``output`` is what it said, whole where it is done or failed."""

    how: End
    output: bytes = b""


def start_bounded(
    command: Sequence[str],
    bounds: Bounds,
    *,
    reach: Reach = NOTHING,
    files: Sequence[int] = (),
    errors: int = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    """Start a command whose output is read as it comes. Its clock and output are the reader's.

    ``reach``: what it opens beside its own libraries. What holds without the reader: memory,
    processor time, sizes of files, and what of alternator/media/confined/ this kernel bears.
    Raises OSError where it can't be started.
    """
    # Several threads count together, and the clock is what is promised.
    limits = Limits(memory=bounds.memory, cpu=int(bounds.seconds * 2) + 1, file=bounds.file)
    program = shutil.which(command[0])
    held = standing_of(program).held if program else None
    if program and held:
        own = of_program(program) or NOTHING
        return start(lambda: _open(command, files, errors, program), held, own | reach, limits)
    shell = SHELL.format(memory=limits.memory // 1024, cpu=limits.cpu, file=limits.file // 512)
    return _open(["/bin/sh", "-c", shell, "sh", *command], files, errors, "/bin/sh")


def _open(
    command: Sequence[str], files: Sequence[int], errors: int, program: str
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        executable=program,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment(),
        pass_fds=tuple(files),
        process_group=0,  # Ctrl-C is for the bot, which ends its children itself
    )


# size: what, its bounds, and what is handed in and out.
def run_bounded(
    command: Sequence[str],
    bounds: Bounds,
    *,
    reach: Reach = NOTHING,
    files: Sequence[int] = (),
    errors: bool = False,
    progress: Progress = SILENT,
) -> Ended:
    """Run a command to its end, with open descriptors ``files`` handed on under their numbers.

    ``reach``: what it may open beside them.

    ``errors``: what it says on its standard error is output too; otherwise it goes nowhere.

    Raises FileNotFoundError where there is no such program, and what ``progress`` raises; the
    child has ended in any case.
    """
    try:
        process = start_bounded(
            command,
            bounds,
            reach=reach,
            files=files,
            errors=subprocess.STDOUT if errors else subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise
    except OSError:  # no memory, or no process left
        return Ended(how="no start")
    with ending(process):
        return _followed(process, bounds, progress)


@contextmanager
def ending(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """A child whose output is read is gone with the block, however that ends."""
    try:
        yield
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def output_of(
    process: subprocess.Popen[bytes], deadline: float, progress: Progress
) -> Iterator[bytes]:
    """A child's output as it comes. TimeoutError at the deadline (monotonic), and what
    ``progress`` raises."""
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    while True:
        progress.beat()
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if waiting.poll(min(left, SLICE_SECONDS) * 1000):
            piece = os.read(descriptor, CHUNK_BYTES)
            if not piece:
                return
            yield piece


def _followed(process: subprocess.Popen[bytes], bounds: Bounds, progress: Progress) -> Ended:
    deadline = time.monotonic() + bounds.seconds
    pieces: list[bytes] = []
    size = 0
    try:
        for piece in output_of(process, deadline, progress):
            size += len(piece)
            if size > bounds.output:
                return Ended(how="output")
            pieces.append(piece)
    except TimeoutError:
        return Ended(how="time")
    # Its output is closed; what it does now has no more than a moment.
    if not ends_within(process, max(min(deadline - time.monotonic(), 5.0), 0.1)):
        return Ended(how="time")
    return Ended(how=_end(process.wait()), output=b"".join(pieces))


def ends_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether a child ends within this time. subprocess would look again and again, in its sleep.

    https://man7.org/linux/man-pages/man2/pidfd_open.2.html
    """
    try:
        descriptor = os.pidfd_open(process.pid)
    # An old kernel, an engine that lets no container do this, or a Mac.
    except (OSError, AttributeError):
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
        return process.poll() is not None
    try:
        ended = select.poll()
        ended.register(descriptor, select.POLLIN)
        return bool(ended.poll(seconds * 1000))
    finally:
        os.close(descriptor)


def _end(code: int) -> End:
    """What an exit code says; a signal is a negative one."""
    match code:
        case 0:
            return "done"
        case -9:
            return "killed"
        case -24:  # SIGXCPU
            return "time"
        case _:
            return "crashed" if code < 0 else "failed"
