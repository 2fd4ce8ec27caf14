"""Ending by a signal with everything that was started: a build must not go on without its command.

SIGTERM and SIGHUP end a Python program at once, and no ``with`` block is left. So they are turned
into an exception, and at last the program ends by the signal all the same, as shells and service
managers expect it (https://www.cons.org/cracauer/sigint.html).
"""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
PATIENCE_S = 10.0  # a child may take that long to end before it is killed


class Ended(BaseException):
    """The program was asked to end by a signal. No ``Exception``: nobody's handler is meant."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def by_signal() -> Iterator[None]:
    """Have signals leave the block as an exception leaves it. For the main thread, once."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, _raise)
    try:
        yield
    except Ended as end:
        signal.signal(end.number, signal.SIG_DFL)
        os.kill(os.getpid(), end.number)
        raise AssertionError("the signal ends the program") from end
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def child(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A child that ends with the block: asked to, where an exception leaves it, then killed."""
    with process:
        try:
            yield process
        except BaseException:
            process.terminate()
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


def _raise(number: int, frame: FrameType | None) -> None:
    raise Ended(number)
