"""A device directory of sysfs, reached through ``/sys/bus/pci/devices`` or ``/sys/class/drm``.

Vendors are told by number. Text search over ``lspci`` finds "ATI" in "Corporation" and
"compatible", and makes AMD GPUs of Intel laptops. The memory files are amdgpu's:
https://docs.kernel.org/gpu/amdgpu/driver-misc.html
"""

from collections.abc import Mapping

from probe.facts import Sighting, Vendor
from probe.numbers import free_mib, normal_bus, parse_int, parse_mib

# https://github.com/pciutils/pciids/blob/master/pci.ids
VENDORS: dict[int, Vendor] = {0x10DE: "nvidia", 0x1002: "amd"}
# PCI base classes; Instinct cards are of the second:
# https://github.com/torvalds/linux/blob/master/include/linux/pci_ids.h
DISPLAY, ACCELERATOR = 0x03, 0x12
# Hardware id 11 (GC_HWID) is the graphics core; the tree is made by amdgpu_discovery.c:
# https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/amd/include/soc15_hw_ip.h
# https://github.com/torvalds/linux/blob/master/drivers/gpu/drm/amd/amdgpu/amdgpu_discovery.c
GRAPHICS_CORE = "ip_discovery/die/0/11/0"
FILES = (
    "vendor",
    "device",
    "class",
    "uevent",
    "product_name",
    "mem_info_vram_total",
    "mem_info_gtt_total",
    "mem_info_vram_used",
    "mem_info_gtt_used",
    f"{GRAPHICS_CORE}/major",
    f"{GRAPHICS_CORE}/minor",
    f"{GRAPHICS_CORE}/revision",
)


def parse_pci_device(files: Mapping[str, str], bus: str | None = None) -> Sighting | None:
    """The GPU that these files describe; None for other vendors and for what is no GPU."""
    uevent = {
        key.strip("\0 "): value.strip("\0 ")
        for key, _, value in (line.partition("=") for line in files.get("uevent", "").splitlines())
    }
    vendor_text, _, device_text = uevent.get("PCI_ID", "").partition(":")
    vendor_id = _first(parse_int(files.get("vendor")), parse_int(f"0x{vendor_text}"))
    device = _first(parse_int(files.get("device")), parse_int(f"0x{device_text}"))
    pci_class = _first(parse_int(files.get("class")), parse_int(f"0x{uevent.get('PCI_CLASS', '')}"))
    vendor = VENDORS.get(vendor_id) if vendor_id is not None else None
    if vendor is None or (pci_class is not None and pci_class >> 16 not in (DISPLAY, ACCELERATOR)):
        return None
    name = files.get("product_name", "").strip("\0 \n")
    return Sighting(
        vendor=vendor,
        bus=normal_bus(bus) or normal_bus(uevent.get("PCI_SLOT_NAME")),
        name=name or None,
        vram_mib=parse_mib(files.get("mem_info_vram_total")),
        gtt_mib=parse_mib(files.get("mem_info_gtt_total")),
        vram_free_mib=free_mib(files.get("mem_info_vram_total"), files.get("mem_info_vram_used")),
        gtt_free_mib=free_mib(files.get("mem_info_gtt_total"), files.get("mem_info_gtt_used")),
        device=device,
        graphics_core=_graphics_core(files),
        kernel_driver=uevent.get("DRIVER") or None,
    )


def _first(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _graphics_core(files: Mapping[str, str]) -> str | None:
    parts = [parse_int(files.get(f"{GRAPHICS_CORE}/{p}")) for p in ("major", "minor", "revision")]
    return None if None in parts else ".".join(str(part) for part in parts)
