"""What else on this machine matters to containers with a GPU: engines, toolkit, distribution."""

import re
from dataclasses import dataclass

from probe.machine.cdi import cdi_specifications
from probe.machine.files import Tree
from probe.machine.this_machine import Machine
from probe.numbers import MIB

# Any of these lets Docker serve --gpus
# (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/arch-overview.html).
TOOLKIT = ("nvidia-container-runtime-hook", "nvidia-container-runtime", "nvidia-ctk")
# ID and ID_LIKE of https://man7.org/linux/man-pages/man5/os-release.5.html:
# Linux Mint and Pop!_OS are like Ubuntu, Rocky and AlmaLinux like RHEL: they take its commands.
FAMILIES = ("ubuntu", "debian", "fedora", "rhel", "arch", "suse", "alpine")
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
    distribution: str = ""  # debian, ubuntu, fedora, …: whose commands serve here
    memory_mib: int | None = None  # of the machine
    limit_mib: int | None = None  # what this container may take of it, where it has a limit


def read_host_software(machine: Machine) -> HostSoftware:
    """Look for container engines and the NVIDIA Container Toolkit; starts nothing."""
    tree = machine.tree

    def installed(name: str) -> bool:
        return machine.find(name) is not None

    return HostSoftware(
        docker=installed("docker"),
        podman=installed("podman"),
        nvidia_toolkit=any(installed(name) for name in TOOLKIT),
        cdi=bool(cdi_specifications(tree)),
        distribution=_distribution(tree.read("/etc/os-release") or ""),
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


def _distribution(os_release: str) -> str:
    """The family that a distribution names itself or says that it is like."""
    values = dict(line.partition("=")[::2] for line in os_release.splitlines())
    words = [values.get(key, "").strip().strip("\"'").lower() for key in ("ID", "ID_LIKE")]
    names = " ".join(words).split()
    return next((name for name in names if name in FAMILIES), names[0] if names else "")
