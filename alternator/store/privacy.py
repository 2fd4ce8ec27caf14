"""What the bot remembers is nobody else's to read: directories 0700, files 0600.

Ids of posts, media that are being described, an account's name: none is a secret like the token,
and none is anybody's business. What an earlier release left open is closed at the next start.
"""

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

# A disk that takes nothing more, or a user's share of one.
FULL_DISK = (errno.ENOSPC, errno.EDQUOT)
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_directory(directory: Path, *, ours: tuple[str, ...]) -> None:
    """Make a directory for this user alone. OSError if it can't be made.

    One that is there is closed to others if it is this user's and holds nothing but what begins
    with a name of ``ours``: somebody may have named their home, or /tmp.
    """
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        if not directory.is_dir():
            raise
        with suppress(OSError):  # one that can't be looked into is not this user's alone
            if all(path.name.startswith(ours) for path in directory.iterdir()):
                close_to_others(directory)


def make_private_file(path: Path) -> None:
    """Make a file for this user alone; one that is there is closed to others. OSError.

    A link in its place is followed if this user or root laid it, as to another disk. One that
    somebody else could lay would have us write where they point.
    """
    with suppress(FileNotFoundError):
        link = path.lstat()
        if stat.S_ISLNK(link.st_mode) and link.st_uid not in (0, os.geteuid()):
            raise OSError(errno.ELOOP, f"{path.name} is a link that another user laid", str(path))
    os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
    close_to_others(path)


def close_to_others(path: Path) -> None:
    """Take away what others may do with what is this user's, if it is there."""
    with suppress(OSError):  # not there, or on a file system without modes
        facts = path.stat()
        everybodys = facts.st_mode & stat.S_ISVTX  # a container's volume, for any numeric user
        if facts.st_uid == os.geteuid() and facts.st_mode & OTHERS and not everybodys:
            path.chmod(stat.S_IMODE(facts.st_mode) & ~OTHERS)
