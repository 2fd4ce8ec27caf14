"""A child process with pipes, started by ``posix_spawn``.

``subprocess`` could do it as well, but its import delays every tool by 3 to 6 ms.
"""

import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

POLL_S = 0.002
RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)  # Python ignores these, and a child would inherit it


class Process:
    """A program at work in a session of its own, with nothing on its standard input.

    ``stdout`` and ``stderr`` are the descriptors of the pipes to read from. ``exit`` is None until
    the end is known, and minus the number of the signal where one ended it.
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        """Start the program at the path ``command[0]``. Raises ``OSError`` or ``ValueError``."""
        self.exit: int | None = None
        near: list[int] = []
        far: list[int] = []
        try:
            for _ in range(2):
                read_end, write_end = os.pipe()
                near.append(read_end)
                far.append(write_end)
            self.stdout, self.stderr = near
            self.pid = os.posix_spawn(
                command[0],
                [*command],
                environ,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, far[0], 1),
                    (os.POSIX_SPAWN_DUP2, far[1], 2),
                ],
                setsid=True,
                setsigdef=RESTORED,
            )
        except BaseException:
            _close(near)
            raise
        finally:
            _close(far)

    def poll(self) -> int | None:
        """``exit``, after a look at whether the process has ended."""
        if self.exit is None:
            try:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # where SIGCHLD is ignored, nobody knows how it ended
                self.exit = 0
            else:
                self.exit = os.waitstatus_to_exitcode(status) if pid else None
        return self.exit

    def end(self, timeout_s: float) -> None:
        """Kill what is left of it and of all that it started; wait for at most ``timeout_s``."""
        # Nothing may be left, or only what this user may not kill.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        deadline = time.monotonic() + timeout_s
        while self.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_S)
        _close((self.stdout, self.stderr))


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
