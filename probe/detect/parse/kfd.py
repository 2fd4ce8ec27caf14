"""``/sys/class/kfd/kfd/topology/nodes``: what the kernel offers to ROCm.

It can be read inside containers that were given no GPU: it tells presence, never access. The
fields are written by node_show and mem_show in
https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/amd/amdkfd/kfd_topology.c
"""

from collections.abc import Mapping

from probe.facts import Sighting
from probe.frozen_record import Record
from probe.numbers import MIB, parse_int

AMD = 0x1002
# HSA_MEM_HEAP_TYPE_FB_PUBLIC and _PRIVATE:
# https://github.com/torvalds/linux/blob/master/include/uapi/linux/kfd_sysfs.h
FRAME_BUFFER_HEAPS = (1, 2)
LARGEST_VERSION = 999999  # gfx_target_version has six digits at most


class KfdNode(Record):
    """The texts of one node: ``properties`` and the ``properties`` of its memory banks."""

    properties: str
    banks: tuple[str, ...] = ()


def parse_topology(nodes: Mapping[int, KfdNode]) -> tuple[Sighting, ...]:
    """The GPUs by node number, which is the order of ``HIP_VISIBLE_DEVICES``."""
    sightings: list[Sighting] = []
    for number in sorted(nodes):
        sighting = _sighting(len(sightings), nodes[number])
        if sighting is not None:
            sightings.append(sighting)
    return tuple(sightings)


def _sighting(index: int, node: KfdNode) -> Sighting | None:
    values = _numbers(node.properties)
    # A CPU node has no SIMD units.
    if values.get("simd_count", 0) <= 0 or values.get("vendor_id", AMD) != AMD:
        return None
    from probe.tables.devices import is_integrated  # not before the tools are started

    unique = values.get("unique_id", 0)
    gfx = gfx_of_target_version(values.get("gfx_target_version"))
    return Sighting(
        vendor="amd",
        bus=bus_of_location(values.get("location_id"), values.get("domain", 0)),
        index=index,
        uuid=f"GPU-{unique:016x}" if unique > 0 else None,
        # Of a processor's graphics newer kernels give what GTT may hold, which DRM gives as such:
        # amdgpu_amdkfd_get_local_mem_info in the same tree's drivers/gpu/drm/amd/amdgpu.
        vram_mib=None if is_integrated(gfx) else _memory_mib(node, values),
        gfx=gfx,
        device=values.get("device_id"),
        kernel_driver="amdgpu",
        render_minor=values.get("drm_render_minor"),
    )


def _memory_mib(node: KfdNode, values: dict[str, int]) -> int | None:
    banks = [_numbers(bank) for bank in node.banks]
    size = sum(b.get("size_in_bytes", 0) for b in banks if b.get("heap_type") in FRAME_BUFFER_HEAPS)
    return (size or values.get("local_mem_size", 0)) // MIB or None


def _numbers(text: str) -> dict[str, int]:
    """The lines ``key number`` of a properties file."""
    values: dict[str, int] = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        number = parse_int(value)
        if key and number is not None:
            values[key] = number
    return values


def gfx_of_target_version(version: int | None) -> str | None:
    """``major·10000 + minor·100 + step``, the step in hex: 90010 is gfx90a. None if unknown.

    The numbers of each chip: kgd2kfd_probe in
    https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/amd/amdkfd/kfd_device.c
    """
    if version is None or not 0 < version <= LARGEST_VERSION:
        return None
    major, minor, step = version // 10000, version // 100 % 100, version % 100
    return f"gfx{major}{minor}{step:x}" if major > 0 and minor < 10 else None


def bus_of_location(location: int | None, domain: int) -> str | None:
    """The PCI address of KFD's ``location_id`` (bus, device and function in one number)."""
    if location is None or not 0 < location <= 0xFFFF or not 0 <= domain <= 0xFFFFFFFF:
        return None
    return f"{domain:04x}:{location >> 8:02x}:{location >> 3 & 0x1F:02x}.{location & 7:x}"
