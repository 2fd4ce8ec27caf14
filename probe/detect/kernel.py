"""The probes that read what the kernel shows in sysfs, proc and dev."""

import time

from probe.detect.parse import kfd, nvidia_proc, pci
from probe.detect.probe_result import Context, ProbeResult, files_result
from probe.facts import Node
from probe.frozen_record import replace
from probe.machine.files import Tree

NODE_PATTERNS = (
    ("/dev", r"nvidiactl|nvidia\d+|nvidia-uvm|nvhost-gpu|dxg|kfd"),
    ("/dev/dri", r"renderD\d+"),
)
# The driver of a confidential virtual machine's firmware (Intel's and AMD's), as device or, also in
# containers, in sysfs: https://docs.kernel.org/virt/coco/sev-guest.html and .../tdx-guest.html
CONFIDENTIAL_MARKS = tuple(
    f"{where}/{name}"
    for where in ("/dev", "/sys/class/misc")
    for name in ("sev-guest", "tdx_guest", "tdx-guest")
)


def probe_kfd(context: Context) -> ProbeResult:
    """The kernel's list of compute nodes."""
    started = time.monotonic()
    base = "/sys/class/kfd/kfd/topology/nodes"
    nodes: dict[int, kfd.KfdNode] = {}
    for number in context.tree.names(base, r"\d{1,6}"):
        properties = context.tree.read(f"{base}/{number}/properties")
        if properties is None:
            continue  # a device that this container's cgroup forbids
        banks = f"{base}/{number}/mem_banks"
        texts = [
            context.tree.read(f"{banks}/{bank}/properties")
            for bank in context.tree.names(banks, r"\d{1,6}")
        ]
        nodes[int(number)] = kfd.KfdNode(
            properties=properties, banks=tuple(text for text in texts if text is not None)
        )
    return replace(files_result("kfd", kfd.parse_topology(nodes), started), tried=bool(nodes))


def probe_drm(context: Context) -> ProbeResult:
    """The graphics cards, by sysfs."""
    base = "/sys/class/drm"
    started = time.monotonic()
    found = [
        pci.parse_pci_device(context.tree.read_all(f"{base}/{card}/device", pci.FILES))
        for card in context.tree.names(base, r"card\d+")
    ]
    return files_result("drm", tuple(s for s in found if s is not None), started)


def probe_pci(context: Context) -> ProbeResult:
    """The PCI bus, by sysfs: a card without a display driver has no entry under DRM."""
    base = "/sys/bus/pci/devices"
    started = time.monotonic()
    sightings = []
    for bus in context.tree.names(base):
        vendor = context.tree.read(f"{base}/{bus}/vendor") or ""
        if vendor.strip().lower() in ("0x10de", "0x1002"):
            files = context.tree.read_all(f"{base}/{bus}", pci.FILES)
            sightings.append(pci.parse_pci_device(files, bus))
    return files_result("pci", tuple(s for s in sightings if s is not None), started)


def probe_nvidia_proc(context: Context) -> ProbeResult:
    """NVIDIA's kernel module: its version and its cards."""
    started = time.monotonic()
    base = "/proc/driver/nvidia"
    version = context.tree.read(f"{base}/version") or ""
    driver = nvidia_proc.parse_driver_version(version)
    found = [
        nvidia_proc.parse_information(context.tree.read(f"{base}/gpus/{bus}/information") or "")
        for bus in context.tree.names(f"{base}/gpus")
    ]
    result = files_result("nvidia-proc", tuple(s for s in found if s is not None), started)
    return replace(result, driver=driver, module=nvidia_proc.parse_module(version))


def read_nodes(tree: Tree) -> tuple[Node, ...]:
    """The device nodes through which GPUs are reached."""
    paths = [f"{where}/{name}" for where, what in NODE_PATTERNS for name in tree.names(where, what)]
    return tuple(node for path in paths if (node := tree.node(path)) is not None)
