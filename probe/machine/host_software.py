"""What else on this machine matters to containers with a GPU: engines, toolkit, memory."""

import re
from dataclasses import dataclass
from typing import Literal

from probe.machine.cdi import CdiFile, nvidia_file
from probe.machine.files import Tree
from probe.machine.this_machine import Machine
from probe.numbers import MIB

# Any of these lets Docker serve --gpus
# (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/arch-overview.html).
TOOLKIT = ("nvidia-container-runtime-hook", "nvidia-container-runtime", "nvidia-ctk")
# How Docker came here: its own or the distribution's package, Canonical's snap, a service of this
# user's, or Docker Desktop.
DockerKind = Literal["package", "snap", "rootless", "desktop"]
DOCKER_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
USERS = "/run/user"  # each user's own folder; those of others can't be read
# On Linux (https://docs.docker.com/desktop/setup/install/linux/), and under WSL, where it mounts
# its tools into each distribution (https://docs.docker.com/desktop/features/wsl/).
DESKTOPS = ("/opt/docker-desktop", "/mnt/wsl/docker-desktop")
# https://snapcraft.io/docs/data-locations
SNAP_DOCKER, OTHER_DOCKERS = (
    "/var/snap/docker/current",
    ("/usr/bin/docker", "/usr/local/bin/docker"),
)
# https://www.kernel.org/doc/html/latest/admin-guide/cgroup-v2.html#memory-interface-files and, of
# version 1, https://www.kernel.org/doc/Documentation/cgroup-v1/memory.txt
LIMIT_FILES = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
NO_LIMIT = 1 << 60  # version 1 has the largest multiple of a page where there is none


@dataclass(frozen=True, kw_only=True)
class HostSoftware:
    """The host around the GPUs, as ``alternator doctor`` needs it."""

    docker: bool
    podman: bool
    nvidia_toolkit: bool
    cdi: bool  # a CDI specification that names NVIDIA GPUs
    docker_kind: DockerKind = "package"
    memory_mib: int | None = None  # of the machine
    cdi_file: CdiFile | None = None  # of NVIDIA's devices, as it is
    limit_mib: int | None = None  # what this container may take of it, where it has a limit


def read_host_software(machine: Machine) -> HostSoftware:
    """Look for container engines and the NVIDIA Container Toolkit; starts nothing."""
    tree = machine.tree

    def installed(name: str) -> bool:
        return machine.find(name) is not None

    cdi_file = nvidia_file(tree)
    return HostSoftware(
        docker=installed("docker"),
        podman=installed("podman"),
        nvidia_toolkit=any(installed(name) for name in TOOLKIT),
        cdi=cdi_file is not None and cdi_file.readable,
        cdi_file=cdi_file,
        docker_kind=docker_kind(tree),
        memory_mib=memory_mib(tree),
        limit_mib=_limit_mib(tree),
    )


def memory_mib(tree: Tree) -> int | None:
    """The machine's memory; None where the kernel does not say."""
    found = re.search(r"^MemTotal: +(\d+) kB", tree.read("/proc/meminfo") or "", re.MULTILINE)
    return int(found[1]) // 1024 if found else None


def _limit_mib(tree: Tree) -> int | None:
    """The memory limit of this container's cgroup, of either version."""
    for path in LIMIT_FILES:
        text = (tree.read(path) or "").strip()
        if text.isdecimal() and int(text) < NO_LIMIT:
            return int(text) // MIB
    return None


def docker_kind(tree: Tree) -> DockerKind:
    """Where the Docker comes from that a user of this machine reaches first."""
    own = any(tree.exists(path) for path in OTHER_DOCKERS)
    if tree.exists(SNAP_DOCKER) and not own:
        return "snap"
    if tree.exists(DESKTOPS[1]):
        return "desktop"
    if any(tree.exists(socket) for socket in DOCKER_SOCKETS):
        return "package"
    if tree.exists(DESKTOPS[0]):
        return "desktop"
    # https://docs.docker.com/engine/security/rootless/
    users = tree.names(USERS, r"\d+")
    rootless = any(tree.exists(f"{USERS}/{user}/docker.sock") for user in users)
    return "rootless" if rootless else "package"
