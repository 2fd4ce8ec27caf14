"""What the kernel shows in sysfs, proc and dev."""

from probe.detect.kernel import (
    probe_drm,
    probe_kfd,
    probe_nvidia_proc,
    probe_pci,
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


def test_the_nodes_through_which_gpus_are_reached(machine):
    machine.amd_nodes()
    machine.nvidia_nodes()
    machine.file("/dev/null0")
    machine.file("/dev/dri/card0")
    paths = [node.path for node in read_nodes(machine.machine().tree)]
    assert paths == ["/dev/kfd", "/dev/nvidia0", "/dev/nvidiactl", "/dev/dri/renderD128"]
