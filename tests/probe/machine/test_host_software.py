"""Engines, toolkits and memory of a host; nothing is started for it."""

import pytest

from probe.machine.cdi import CdiFile
from probe.machine.host_software import HostSoftware, read_host_software


def test_what_the_doctor_looks_at(machine):
    machine.tool("docker", "exit 1")
    machine.tool("nvidia-ctk", "exit 1")
    machine.file("/etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu\n")
    machine.file("/proc/meminfo", "MemTotal:        8130000 kB\nMemFree:          100000 kB\n")
    machine.file("/sys/fs/cgroup/memory.max", "3221225472\n")
    assert read_host_software(machine.machine()) == HostSoftware(
        docker=True,
        podman=False,
        nvidia_toolkit=True,
        cdi=True,
        cdi_file=CdiFile(path="/etc/cdi/nvidia.yaml"),
        memory_mib=7939,
        limit_mib=3072,
    )


@pytest.mark.parametrize("limit", ["max\n", "9223372036854771712\n", ""])
def test_a_cgroup_without_a_limit(machine, limit):
    """Version 2 says so in a word, version 1 by the largest number of whole pages."""
    machine.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", limit)
    assert read_host_software(machine.machine()).limit_mib is None


@pytest.mark.parametrize(
    ("paths", "kind"),
    [
        ((), "package"),
        (("/snap/bin/docker", "/var/snap/docker/current"), "snap"),
        (("/usr/bin/docker", "/var/snap/docker/current", "/var/run/docker.sock"), "package"),
        (("/run/user/1000/docker.sock",), "rootless"),
        (("/run/user/1000/docker.sock", "/var/run/docker.sock"), "package"),
        (("/opt/docker-desktop/bin/com.docker.backend",), "desktop"),
        (("/opt/docker-desktop/bin/x", "/var/run/docker.sock"), "package"),
        (("/mnt/wsl/docker-desktop/cli-tools/x", "/var/run/docker.sock"), "desktop"),
    ],
)
def test_where_docker_comes_from(machine, paths, kind):
    for path in paths:
        machine.file(path)
    assert read_host_software(machine.machine()).docker_kind == kind


def test_a_bare_machine(machine):
    assert read_host_software(machine.machine()) == HostSoftware(
        docker=False, podman=False, nvidia_toolkit=False, cdi=False
    )
