"""What the kernel shows in sysfs, proc and dev."""

import pytest

from probe.detect.kernel import (
    probe_drm,
    probe_kfd,
    probe_nvidia_proc,
    probe_pci,
    read_host,
    read_nodes,
)
from probe.detect.probe_result import Context


def context(machine) -> Context:
    return Context(machine=machine.machine(), timeout_s=5.0)


def test_an_amd_card_is_seen_by_kfd_and_drm(machine):
    machine.amd_sysfs()
    (by_kfd,) = probe_kfd(context(machine)).sightings
    (by_drm,) = probe_drm(context(machine)).sightings
    assert (by_kfd.gfx, by_kfd.render_minor, by_kfd.bus) == ("gfx1100", 128, "0000:03:00.0")
    assert (by_drm.device, by_drm.vram_mib, by_drm.bus) == (0x744C, 24560, "0000:03:00.0")
    assert probe_pci(context(machine)).sightings == ()


def test_a_node_whose_properties_may_not_be_read_is_passed_over(machine):
    machine.amd_sysfs()
    (machine.root / "sys/class/kfd/kfd/topology/nodes/1/properties").unlink()
    assert probe_kfd(context(machine)).sightings == ()
    # Its CPU node tells that the kernel offers computing, and not on this card.
    machine.file("/sys/class/kfd/kfd/topology/nodes/0/properties", "simd_count 0\n")
    assert (probe_kfd(context(machine)).tried, probe_kfd(context(machine)).sightings) == (True, ())


def test_an_nvidia_card_is_seen_on_the_bus_and_its_driver_in_proc(machine):
    machine.nvidia_sysfs()
    (card,) = probe_pci(context(machine)).sightings
    assert (card.vendor, card.device, card.kernel_driver) == ("nvidia", 0x2684, "nvidia")
    assert probe_nvidia_proc(context(machine)).driver == "580.95.05"


def test_other_makers_devices_are_not_read(machine):
    machine.file("/sys/bus/pci/devices/0000:00:02.0/vendor", "0x8086\n")
    machine.file("/sys/bus/pci/devices/0000:00:02.0/class", "0x030000\n")
    result = probe_pci(context(machine))
    assert (result.sightings, result.answered) == ((), False)


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


def test_the_nodes_through_which_gpus_are_reached(machine):
    machine.amd_nodes()
    machine.nvidia_nodes()
    machine.file("/dev/null0")
    machine.file("/dev/dri/card0")
    paths = [node.path for node in read_nodes(machine.machine().tree)]
    assert paths == ["/dev/kfd", "/dev/nvidia0", "/dev/nvidiactl", "/dev/dri/renderD128"]
