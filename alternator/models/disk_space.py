"""Whether there is room on a disk, and what is said where there is none."""

import errno
import shutil
from pathlib import Path

from alternator.errors import ModelError
from alternator.models.rate import MB

# What must be left free on the disk, in bytes: others write there too.
SPARE_BYTES = 64 * 1024 * 1024
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def check_space(directory: Path, needed: int, what: str) -> None:
    """ModelError if the disk has fewer bytes free than ``needed``, and some to spare."""
    free = shutil.disk_usage(directory).free
    if free < needed + SPARE_BYTES:
        raise ModelError(no_room(directory, what, f"{needed / MB:.0f} MB more are needed", free))


def no_room(directory: Path, what: str, needed: str, free: int) -> str:
    """For a disk that is full, or will be."""
    return (
        f"{what} does not fit on the disk of {directory}: {needed}, and {free / MB:.0f} MB are "
        f"free; free some space there, or set [whisper] model_dir to a folder on another disk"
    )
