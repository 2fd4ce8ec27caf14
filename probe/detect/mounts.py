"""Marks of a place among the mounts: what the root is, and where some files of /etc come from.

A container's root is an overlay of its manager's, and its /etc/hosts lies in its manager's folder:
both are seen inside, whatever the cgroups show. An overlay alone tells nothing: live systems and
Fedora's image-based ones have one.
"""

from probe.machine.files import Tree
from probe.place import Mark

MOUNTS = "/proc/self/mountinfo"  # https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
POINTS = ("/", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf")
LXCFS = "fuse.lxcfs"
# Parts of the paths of whoever made a container. Docker, containerd and nerdctl
# (https://github.com/containerd/nerdctl/blob/main/docs/dir.md), Podman and CRI-O
# (https://github.com/containers/storage/blob/main/docs/containers-storage.conf.5.md), Kubernetes.
PARTS = {
    "/docker/containers/": "docker",
    "/docker/overlay2/": "docker",
    "/docker/rootfs/overlayfs/": "docker",
    "/nerdctl/": "containerd",
    "io.containerd.snapshotter": "containerd",
    "io.containerd.grpc": "containerd",
    "/kubelet/pods/": "kubernetes",
    "/overlay-containers/": "podman",
}
# The root's file system: LXCFS shows a container its own /proc; WSL1 has file systems of its own
# (https://learn.microsoft.com/windows/wsl/compare-versions).
SYSTEMS = {LXCFS: "lxc", "wslfs": "wsl1", "lxfs": "wsl1"}


def mount_marks(tree: Tree) -> list[Mark]:
    """What the mounts tell."""
    marks: dict[Mark, None] = {}
    for line in (tree.read_part(MOUNTS, telling) or "").splitlines():
        for word in line.split()[1:]:
            tells = SYSTEMS.get(word) or PARTS.get(word)
            if tells is not None:
                marks[Mark(tells=tells, seen=f"{MOUNTS}: {line}")] = None
    return list(marks)


def telling(text: str) -> str:
    """Of all mounts those that tell something, each as its point, its file system and the part of
    a path that tells: their devices and folders name hosts and people."""
    return "\n".join(dict.fromkeys(line for raw in text.splitlines() if (line := _short(raw))))


def _short(line: str) -> str:
    before, found, after = line.partition(" - ")
    if not found:
        return line if line.count(" ") in (1, 2) else ""  # shortened already
    fields = before.split()
    point = fields[4] if len(fields) > 4 else ""
    system = after.partition(" ")[0]
    if point not in POINTS and system not in SYSTEMS:
        return ""
    part = next((part for part in PARTS if part in f"{fields[3]} {after}"), "")
    return f"{point} {system} {part}".strip()
