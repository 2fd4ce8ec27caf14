"""Starts a program that is confined from its first instruction.

What the kernel refuses a thread, it refuses whatever that thread starts. So a thread begins, gives
up its rights, starts the program and ends: no code of ours runs between fork and exec, no program
stands in between, and the other threads keep what they have. Limits are set as soon as the program
is there; what it reads of its file comes later.
"""

import gc
import resource
import subprocess
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from alternator.media.confined import kernel, seccomp
from alternator.media.confined.landlock import ruleset
from alternator.media.confined.reach import Reach

Child = subprocess.Popen[bytes]

# Between the signal that says that processor time is over, and the kill.
GRACE_SECONDS = 5

# One at a time: the collector of garbage is held back meanwhile. It would run finalizers of others'
# objects, which may remove a file, in a thread that must not.
_one = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Held:
    """By what a program is held."""

    seccomp: bool = True
    landlock: bool = True

    def __bool__(self) -> bool:
        return self.seccomp or self.landlock


@dataclass(frozen=True, kw_only=True)
class Limits:
    """``memory`` as address space and ``file`` in bytes, ``cpu`` in seconds."""

    memory: int
    cpu: int
    file: int


def start(open_child: Callable[[], Child], held: Held, reach: Reach, limits: Limits) -> Child:
    """Have ``open_child`` start a program under these holds.

    Raises what it raises, and OSError where the kernel refuses to hold or to limit it.
    """
    with ExitStack() as stack:
        rules = stack.enter_context(ruleset(reach)) if held.landlock else None
        thread = _Starter(open_child, held, rules, limits)
        stack.enter_context(_one)
        collecting = gc.isenabled()
        gc.disable()
        try:
            _run(thread)
        finally:
            if collecting:
                gc.enable()
    child = thread.child
    assert child is not None
    # Out of memory, the kernel takes the process with the highest score: it should be this one and
    # not the bot. https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html
    with suppress(OSError):
        Path(f"/proc/{child.pid}/oom_score_adj").write_text("1000", encoding="ascii")
    return child


def _run(thread: "_Starter") -> None:
    try:
        thread.start()
    except RuntimeError as error:  # no thread is left
        raise OSError(str(error)) from None
    try:
        thread.join()
        if thread.error is not None:
            raise thread.error
    except BaseException:
        # A signal may strike while the program starts: it must not stay alone.
        thread.join()
        if thread.child is not None:
            _end(thread.child)
        raise


class _Starter(threading.Thread):
    """``child`` is what it started, ``error`` why it did not."""

    def __init__(
        self, open_child: Callable[[], Child], held: Held, rules: int | None, limits: Limits
    ) -> None:
        super().__init__(name="starts a decoder", daemon=True)
        self.child: Child | None = None
        self.error: BaseException | None = None
        self._open_child = open_child
        self._held = held
        self._rules = rules
        self._limits = limits

    def run(self) -> None:
        try:
            hold_this_thread(self._held, self._rules)
            self.child = self._open_child()
            limit(self.child.pid, self._limits)
        except BaseException as error:  # noqa: BLE001  raised again by the one who waits
            self.error = error


def hold_this_thread(held: Held, rules: int | None) -> None:
    """Give up rights for good, with Landlock's ``rules`` as a descriptor. OSError if refused."""
    kernel.refuse_new_privileges()
    if held.landlock and rules is not None:
        kernel.restrict(rules)
    if held.seccomp and (found := seccomp.program()) is not None:
        kernel.install_filter(found)


def limit(pid: int, limits: Limits) -> None:
    """Bound a process that has just begun. OSError where that is refused."""
    cpu = (limits.cpu, limits.cpu + GRACE_SECONDS)
    with suppress(ProcessLookupError):  # it has ended already
        for what, most in (
            (resource.RLIMIT_CORE, (0, 0)),
            (resource.RLIMIT_AS, (limits.memory, limits.memory)),
            (resource.RLIMIT_CPU, cpu),
            (resource.RLIMIT_FSIZE, (limits.file, limits.file)),
        ):
            resource.prlimit(pid, what, most)


def _end(child: Child) -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdout, child.stderr):
        if pipe is not None:
            pipe.close()
