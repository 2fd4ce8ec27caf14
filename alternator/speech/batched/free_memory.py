"""How much memory is free: on a GPU, or for this process on the machine and in its container."""

from pathlib import Path

import torch


def free_bytes(device: torch.device, root: Path = Path("/")) -> int | None:
    """Bytes that can still be had on the device; None where nobody tells (Apple's GPUs).

    On a GPU what the driver says and what torch holds unused. On the CPU the smaller one of what
    the kernel calls available and what is left of the limits of this process's cgroup and those
    above it.
    """
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        held = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(free + held)
    if device.type != "cpu":
        return None
    found = [_available(root), *(_left(group) for group in _groups(root))]
    return min((count for count in found if count is not None), default=None)


def _available(root: Path) -> int | None:
    """``MemAvailable``: https://docs.kernel.org/filesystems/proc.html#meminfo (in KiB)."""
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "MemAvailable" and value.split():
            return int(value.split()[0]) * 1024
    return None


def _groups(root: Path) -> list[Path]:
    """The directories that may hold a limit, of cgroup v2 and v1. In a container its own group is
    the root of the mount."""
    mount = root / "sys/fs/cgroup"
    found = [mount, mount / "memory"]
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return found
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = mount / controllers if controllers else mount
        group = top / path.lstrip("/")
        while group not in (top, top.parent):
            found.append(group)
            group = group.parent
    return found


def _left(group: Path) -> int | None:
    """What is left of a group's limit. Files' pages that are not in use count as used there, and
    are given up for what is asked for: they are left, too.

    https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
    https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
    """
    for limit, used, pages in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        most, now = _number(group / limit), _number(group / used)
        if most is not None and now is not None:
            return max(0, most - now + _stat(group / "memory.stat", pages))
    return None


def _number(file: Path) -> int | None:
    """The number in a file; None if it is missing or says ``max``."""
    try:
        text = file.read_text().strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def _stat(file: Path, name: str) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.split()[:1] == [name]), 0)
