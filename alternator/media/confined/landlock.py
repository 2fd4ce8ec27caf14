"""Which files a decoder may open: Landlock's rules. All that no rule allows is refused.

Newer kernels refuse more by it: TCP from version 4, signals to processes outside from version 6.
Names and bits: https://github.com/torvalds/linux/blob/master/include/uapi/linux/landlock.h
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from alternator.media.confined import kernel
from alternator.media.confined.reach import Reach

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_REG = 1 << 8
TRUNCATE = 1 << 14
# Of a rule about a file; the others are about folders.
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE

# How many rights over files each version knows, from version 1 on; then what of the network and
# of other processes it refuses.
FS_RIGHTS = (13, 14, 15, 15, 16)
NET_SINCE, NET = 4, 0b11
SCOPED_SINCE, SCOPED = 6, 0b11
# Bytes of Handled that a version knows.
SIZES = ((SCOPED_SINCE, 24), (NET_SINCE, 16), (1, 8))


@contextmanager
def ruleset(reach: Reach) -> Iterator[int]:
    """The rules that a reach comes to, as a descriptor. What is not there, no rule is made of.

    Raises OSError where there is no Landlock, or no descriptor left.
    """
    version = kernel.landlock_version()
    rights = (1 << FS_RIGHTS[min(version, len(FS_RIGHTS)) - 1]) - 1
    handled = kernel.Handled(
        rights,
        NET if version >= NET_SINCE else 0,
        SCOPED if version >= SCOPED_SINCE else 0,
    )
    size = next(size for since, size in SIZES if version >= since)
    rules = kernel.make_ruleset(handled, size)
    try:
        for allowed, paths in (
            (READ_FILE | READ_DIR, reach.reads),
            (READ_DIR, reach.lists),
            (EXECUTE | READ_FILE, reach.runs),
            (READ_FILE | READ_DIR | WRITE_FILE | MAKE_REG | TRUNCATE, reach.writes),
        ):
            for path in paths:
                _allow(rules, path, allowed & rights)
        yield rules
    finally:
        os.close(rules)


def _allow(rules: int, path: str, allowed: int) -> None:
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(place).st_mode):
                allowed &= OF_FILES
            if allowed:
                kernel.allow_beneath(rules, place, allowed)
        finally:
            os.close(place)
