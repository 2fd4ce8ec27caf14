"""A descriptor that is read until it ends or is shut; what was in it by then still comes out.

Who shuts it is a signal's handler; who reads it is a thread that waits. Sound that was there before
the signal was said before it, so it is not thrown away, however late that thread comes to it.
"""

import array
import fcntl
import os
import select
import stat
import termios
from contextlib import suppress

CHUNK_BYTES = 1 << 16


class Tap:
    """``head`` is what was read of the descriptor already. One thread reads, any one shuts."""

    def __init__(self, descriptor: int, head: bytes = b"") -> None:
        self._descriptor = descriptor
        self._head = head
        self._left: int | None = None  # bytes that are still to be had; None: no end is known
        self._waking, self._wake = os.pipe()

    def read(self) -> bytes:
        """What came, b'' at the end. Waits as long as nothing comes and it is not shut."""
        if self._head:
            data, self._head = self._head, b""
            return data
        if self._left is None:
            select.select([self._descriptor, self._waking], [], [])
        if self._left is None:
            return os.read(self._descriptor, CHUNK_BYTES)
        # Not more than there is: a read that waited would wait for what is said after the end.
        most = min(self._left, held(self._descriptor), CHUNK_BYTES)
        data = os.read(self._descriptor, most) if most else b""
        self._left = self._left - len(data) if data else 0
        return data

    def shut(self) -> None:
        """It ends with what it holds now. Does not wait."""
        if self._left is None:
            self._left = held(self._descriptor)
            os.write(self._wake, b"\0")

    def close(self) -> None:
        """Nobody reads or shuts it any more; the descriptor itself stays open."""
        os.close(self._waking)
        os.close(self._wake)


def held(descriptor: int) -> int:
    """How many bytes of a pipe, a socket or a terminal wait to be read; 0 for anything else: a file
    is all there at once, and is not said by anybody.
    https://man7.org/linux/man-pages/man2/FIONREAD.2const.html"""
    count = array.array("i", [0])
    with suppress(OSError):
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            fcntl.ioctl(descriptor, termios.FIONREAD, count)
    return count[0]


def pump(tap: Tap, target: int) -> None:
    """Write all of a tap into a descriptor, which is closed then."""
    try:
        with suppress(OSError):  # nobody reads any more
            while data := tap.read():
                while data:
                    data = data[os.write(target, data) :]
    finally:
        os.close(target)
