"""The machine or the container, as facts."""

import pytest

from probe.detect.host import read_host


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/.dockerenv", ""),
        ("/run/.containerenv", ""),
        ("/opt/alternator/variant.json", "{}"),
        ("/.singularity.d/env", ""),
        ("/proc/1/cgroup", "12:memory:/kubepods/besteffort/x\n"),
        ("/var/run/secrets/kubernetes.io/serviceaccount/token", "x"),
    ],
)
def test_marks_of_a_container(machine, path, text):
    assert read_host(machine.machine()).container is False
    machine.file(path, text)
    assert read_host(machine.machine()).container is True


def test_wsl_and_jetson(machine):
    machine.file("/proc/sys/kernel/osrelease", "5.15.167.4-microsoft-standard-WSL2")
    assert read_host(machine.machine()).wsl is True
    assert read_host(machine.machine()).tegra is False
    machine.file("/proc/device-tree/compatible", "nvidia,p3737\0nvidia,tegra234\0")
    assert read_host(machine.machine()).tegra is True
