"""Bounded reading of sysfs, proc and dev below a root: what can't be read is simply not there.

Written with os alone, as ``this_machine``: to import pathlib takes a tenth of a start.
"""

import os
import re
from collections.abc import Callable

from probe.facts import Node

# Bytes. A sysfs file has 4096 at most, /proc/1/cgroup a few lines; a CDI file names its kind last,
# behind half a KiB for each of the slices that eight GPUs may be cut into.
READ_CAP = 256 * 1024
CHUNK = 64 * 1024  # bytes


class Tree:
    """The file system below ``root``: ``/``, or a directory that stands for another machine."""

    def __init__(self, root: "str | os.PathLike[str]" = "/") -> None:
        self.root = os.fspath(root).rstrip("/")

    def at(self, path: str) -> str:
        """Where an absolute path lies below the root."""
        return f"{self.root}/{path.lstrip('/')}"

    def read(self, path: str) -> str | None:
        """The text of a file, at most ``READ_CAP`` of it; None where it can't be read."""
        try:
            # A pipe in a file's place would block an ordinary open for good.
            descriptor = os.open(self.at(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError):
            return None
        try:
            return _read_all(descriptor).decode("utf-8", errors="replace")
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def read_part(self, path: str, part: Callable[[str], str]) -> str | None:
        """A part of a file's text, where the whole is nothing that a recording may keep.

        ``part`` leaves what it has made as it is.
        """
        text = self.read(path)
        return None if text is None else part(text)

    def read_all(self, directory: str, names: tuple[str, ...]) -> dict[str, str]:
        """Those of the named files in a directory that can be read."""
        texts = {name: self.read(f"{directory}/{name}") for name in names}
        return {name: text for name, text in texts.items() if text is not None}

    def names(self, directory: str, pattern: str = "") -> list[str]:
        """The sorted names in a directory that match a pattern as a whole; none if unreadable."""
        try:
            names = os.listdir(self.at(directory))
        except OSError:
            return []
        return sorted(name for name in names if not pattern or re.fullmatch(pattern, name))

    def exists(self, path: str) -> bool:
        """Whether anything is at the path."""
        return os.path.exists(self.at(path))

    def node(self, path: str) -> Node | None:
        """The device node at the path, or None."""
        try:
            status = os.stat(self.at(path))
        except OSError:
            return None
        return Node(
            path=path,
            group=status.st_gid,
            open_to_all=status.st_mode & 0o006 == 0o006,
            usable=os.access(self.at(path), os.R_OK | os.W_OK),
        )


def _read_all(descriptor: int) -> bytes:
    data = b""
    while (left := READ_CAP - len(data)) and (chunk := os.read(descriptor, min(left, CHUNK))):
        data += chunk
    return data
