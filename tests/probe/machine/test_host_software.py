"""Engines, toolkits, distribution and memory of a host; nothing is started for it."""

import pytest

from probe.machine.host_software import HostSoftware, read_host_software


def test_what_the_doctor_looks_at(machine):
    machine.tool("docker", "exit 1")
    machine.tool("nvidia-ctk", "exit 1")
    machine.file("/etc/cdi/nvidia.yaml", "kind: nvidia.com/gpu\n")
    machine.file("/etc/os-release", 'NAME="Debian GNU/Linux"\nID="debian"\n')
    machine.file("/proc/meminfo", "MemTotal:        8130000 kB\nMemFree:          100000 kB\n")
    machine.file("/sys/fs/cgroup/memory.max", "3221225472\n")
    assert read_host_software(machine.machine()) == HostSoftware(
        docker=True,
        podman=False,
        nvidia_toolkit=True,
        cdi=True,
        distribution="debian",
        memory_mib=7939,
        limit_mib=3072,
    )


@pytest.mark.parametrize("limit", ["max\n", "9223372036854771712\n", ""])
def test_a_cgroup_without_a_limit(machine, limit):
    """Version 2 says so in a word, version 1 by the largest number of whole pages."""
    machine.file("/sys/fs/cgroup/memory/memory.limit_in_bytes", limit)
    assert read_host_software(machine.machine()).limit_mib is None


@pytest.mark.parametrize(
    ("os_release", "family"),
    [
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "ubuntu"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "rhel"),
        ("ID=debian\n", "debian"),
        ("ID=gentoo\n", "gentoo"),
        ("nothing\n", ""),
    ],
)
def test_a_distribution_takes_the_commands_of_the_one_it_is_like(machine, os_release, family):
    machine.file("/etc/os-release", os_release)
    assert read_host_software(machine.machine()).distribution == family


def test_a_bare_machine(machine):
    assert read_host_software(machine.machine()) == HostSoftware(
        docker=False, podman=False, nvidia_toolkit=False, cdi=False
    )
