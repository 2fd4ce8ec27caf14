"""``nvidia-smi --query-gpu … --format=csv`` and ``nvidia-smi -L``.

Only the query is read: the banner loses ``Driver Version:`` from driver 610 on. The fields and
their words for what is unknown: https://man.archlinux.org/man/nvidia-smi.1.raw; how slices are
named: https://docs.nvidia.com/datacenter/tesla/mig-user-guide/mig-device-names.html
"""

import re

from probe.facts import Sighting
from probe.numbers import normal_bus, parse_capability, parse_int, parse_version

# What every driver knows. Asking for a field that the driver lacks fails the whole query.
FIELDS = (
    *("index", "uuid", "name", "driver_version", "memory.total", "memory.free"),
    *("pci.bus_id", "pci.device_id"),
)
# compute_cap: driver 510 and later; mig.mode.current: 450 and later.
NEWER_FIELDS = ("compute_cap", "mig.mode.current")
NEEDED = ("index", "uuid", "driver_version")  # a row without these says nothing

# nvidia-smi prints warnings before the rows; a header is the line that names these two.
HEADER_MARKS = {"index", "uuid"}
# NVML's words for what is wrong with one card (nvmlErrorString), with the codes that nvidia-smi
# exits with: https://docs.nvidia.com/deploy/nvml-api/group__nvmlDeviceEnumvs.html
FAULTS = (
    (re.compile(r"gpu is lost|fallen off the bus", re.IGNORECASE), 15),
    (re.compile(r"gpu requires re(?:set|start)", re.IGNORECASE), 16),
    (re.compile(r"insufficient external power", re.IGNORECASE), 8),
)
UNKNOWN = re.compile(r"unknown error|err!", re.IGNORECASE)
LOST, UNKNOWN_FAULT = 15, 255
# "Unable to determine the device handle for GPU0000:17:00.0: Unknown Error", which may be all that
# it prints (https://github.com/meta-llama/llama-models/issues/200); with the card's number, "GPU0:
# 0000:C1:00.0", in drivers of 2025 (https://github.com/microsoft/WSL/issues/13027).
NO_HANDLE = re.compile(
    r"device handle for gpu ?(?:\d+: )?([\da-f]+(?::[\da-f]+)+\.[\da-f]+): (.*)", re.IGNORECASE
)
# A virtual GPU ends in its profile: memory in GB, series (A, B, C, Q), more of it
# (https://docs.nvidia.com/vgpu/latest/grid-vgpu-user-guide/index.html, "Virtual GPU Types").
VGPU = re.compile(r"-(\d+[ABCQ]\d?(?:ME|GFX)?)$")
VENDOR = 0x10DE
UUID = re.compile(r"(?:GPU|MIG)-[\w/-]+")
TEGRA_MARK = "(nvgpu)"  # the Tegra driver's way to end a name: the driver's mark, not a product

LISTED_GPU = re.compile(r"^GPU (\d+): (.+?) \(UUID: ([^)\s]+)\)")
LISTED_SLICE = re.compile(r"^\s+MIG (\S+)\s+Device\s+\d+: \(UUID: ([^)\s]+)\)")
SLICE_MEMORY = re.compile(r"\.(\d+)gb")
SLICE_COMPUTE = re.compile(r"(\d+)[cg]\.")  # 3g.40gb; 2c.3g.40gb is two of three


def parse_query(text: str, fields: tuple[str, ...] = FIELDS + NEWER_FIELDS) -> tuple[Sighting, ...]:
    """The GPUs in a CSV answer, with a header or, failing that, in the order of ``fields``."""
    columns: tuple[str, ...] = fields
    sightings: dict[int, Sighting] = {}
    for line in text.splitlines():
        cells = tuple(cell.strip() for cell in line.split(","))
        names = tuple(cell.partition(" [")[0] for cell in cells)
        if set(names) >= HEADER_MARKS:
            columns = names
            continue
        if len(cells) == len(columns):
            sighting = _sighting(dict(zip(columns, cells, strict=True)))
            if sighting is not None and sighting.index is not None:
                sightings.setdefault(sighting.index, sighting)
    return tuple(sightings.values())


def whole_lines(text: str) -> str:
    """What a tool printed before it was killed, without a last line that is not whole."""
    return text[: text.rfind("\n") + 1]


def parse_faults(text: str) -> tuple[Sighting, ...]:
    """The cards of which nvidia-smi says that it gets no handle, each with its fault."""
    found: dict[str, Sighting] = {}
    for match in NO_HANDLE.finditer(text):
        bus = normal_bus(match[1])
        if bus is not None:
            fault = _told_fault(match[2]) or UNKNOWN_FAULT
            found.setdefault(
                bus, Sighting(vendor="nvidia", bus=bus, kernel_driver="nvidia", fault=fault)
            )
    return tuple(found.values())


def _sighting(row: dict[str, str]) -> Sighting | None:
    index = parse_int(row.get("index"))
    uuid = row.get("uuid", "")
    driver = _value(row.get("driver_version"))
    fault = _fault(row)
    # A line that merely has the right number of commas has none of these.
    known = parse_version(driver) is not None or UUID.fullmatch(uuid) or fault
    if index is None or index < 0 or not known:
        return None
    name = _value(row.get("name"))
    device = parse_int(row.get("pci.device_id"))
    memory, free = (_mib(row.get(field)) for field in ("memory.total", "memory.free"))
    return Sighting(
        vendor="nvidia",
        bus=normal_bus(_value(row.get("pci.bus_id"))),
        index=index,
        uuid=uuid if UUID.fullmatch(uuid) else None,
        name=name,
        vram_mib=memory or None,
        vram_free_mib=free if memory else None,
        driver=driver if parse_version(driver) else None,
        compute_capability=parse_capability(_value(row.get("compute_cap"))),
        # 0x233010DE: device, then vendor; it may have been cut off.
        device=device >> 16 if device is not None and device & 0xFFFF == VENDOR else None,
        kernel_driver="nvgpu" if name and name.endswith(TEGRA_MARK) else "nvidia",
        # Also where the answer was cut off in the middle of the word.
        mig="enabled".startswith(row.get("mig.mode.current", "").lower() or "-"),
        vgpu=match[1] if name and (match := VGPU.search(name)) else None,
        fault=fault,
    )


def _fault(row: dict[str, str]) -> int | None:
    """Why the driver can't reach the card: one cell that it can't tell does not say so."""
    for cell in row.values():
        if (told := _told_fault(cell)) is not None:
            return told
    unknown = sum(UNKNOWN.search(cell) is not None for cell in row.values())
    return LOST if unknown > len(row) // 2 else None


def _told_fault(words: str) -> int | None:
    return next((code for pattern, code in FAULTS if pattern.search(words)), None)


def _mib(cell: str | None) -> int | None:
    number = parse_int((_value(cell) or "").removesuffix("MiB"))
    return number if number is not None and number >= 0 else None


def _value(cell: str | None) -> str | None:
    """A cell, or None for ``[N/A]``, ``Not Supported`` and the like."""
    if cell is None or not cell or cell.startswith("["):
        return None
    return None if cell.lower() in ("n/a", "not supported", "unknown error", "err!") else cell


def parse_list(text: str) -> tuple[Sighting, ...]:
    """The GPUs and MIG slices of ``nvidia-smi -L``; a slice's ``slice_of`` is its GPU's index."""
    sightings: list[Sighting] = []
    gpu: Sighting | None = None
    for line in text.splitlines():
        if match := LISTED_GPU.match(line):
            gpu = Sighting(vendor="nvidia", index=parse_int(match[1]), name=match[2], uuid=match[3])
            sightings.append(gpu)
        elif gpu is not None and (match := LISTED_SLICE.match(line)):
            size = SLICE_MEMORY.search(match[1])
            gigabytes = parse_int(size[1]) if size else None
            compute = SLICE_COMPUTE.match(match[1])
            sightings.append(
                Sighting(
                    vendor="nvidia",
                    uuid=match[2],
                    name=f"{gpu.name} MIG {match[1]}",
                    vram_mib=None if gigabytes is None else gigabytes * 1024,
                    slice_of=gpu.index,
                    cuts=parse_int(compute[1]) if compute else None,
                )
            )
    return tuple(sightings)
