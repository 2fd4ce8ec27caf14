"""Files of the Container Device Interface: by them an engine knows the vendors' devices.

https://github.com/cncf-tags/container-device-interface/blob/main/SPEC.md
"""

import json
import re
from collections.abc import Iterator, Sequence

from probe.foreign_json import as_list, as_object, as_text
from probe.frozen_record import Record
from probe.machine.files import Tree

# What the vendors' files are of, and what their devices are named by
# (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/cdi-support.html,
# https://github.com/ROCm/container-toolkit/blob/main/internal/cdi/cdi.go).
NVIDIA_KIND, AMD_KIND = "nvidia.com/gpu", "amd.com/gpu"
# Where they are looked for by default; an engine may have others set
# (https://github.com/cncf-tags/container-device-interface/blob/main/README.md).
FOLDERS = ("/etc/cdi", "/var/run/cdi")
WRITTEN = f"{FOLDERS[0]}/nvidia.yaml"  # where `nvidia-ctk cdi generate` is told to write NVIDIA's
FILES = r".*\.(ya?ml|json)"
# The libraries that each driver has of its own version; others (libnvidia-egl-wayland.so.1.1.13)
# have numbers of their own.
DRIVER_LIBRARY = r"/(?:libcuda|libnvidia-ml|libEGL_nvidia)\.so\.(\d{3,}\.[\d.]*\d)"
GPU_NODE = r"/dev/(?:nvidia\d+|dri/renderD\d+)\b"


class CdiDevice(Record):
    """One device of a specification: ``kind=name`` is what an engine is asked for."""

    kind: str
    name: str
    nodes: tuple[str, ...] = ()  # of its own, such as /dev/dri/renderD128

    @property
    def full_name(self) -> str:
        """As an engine takes it."""
        return f"{self.kind}={self.name}"


class CdiFile(Record):
    """What a file on NVIDIA's devices names, which a new driver or a reboot may have taken away."""

    path: str
    readable: bool = True  # else nothing of it is known but its name
    drivers: tuple[str, ...] = ()  # of whose version the libraries are that it mounts
    gone: tuple[str, ...] = ()  # its nodes of GPUs that are not there


def nvidia_file(tree: Tree, folders: Sequence[str] = FOLDERS) -> CdiFile | None:
    """The file on NVIDIA's devices that counts: of two, the later folder's.

    The order is the specification's ("Overlapping"); what only root may read is of no use to an
    engine without root (https://github.com/NVIDIA/nvidia-container-toolkit/issues/146).
    """
    readable = cdi_specifications(tree, folders)
    if readable:
        path = readable[-1]
        text = tree.read(path) or ""
        nodes = dict.fromkeys(re.findall(GPU_NODE, text))
        return CdiFile(
            path=path,
            drivers=tuple(dict.fromkeys(re.findall(DRIVER_LIBRARY, text))),
            gone=tuple(node for node in nodes if not tree.exists(node)),
        )
    closed = [
        f"{folder}/{name}"
        for folder in folders
        for name in tree.names(folder, FILES)
        if "nvidia" in name and tree.read(f"{folder}/{name}") is None
    ]
    return CdiFile(path=closed[-1], readable=False) if closed else None


def cdi_specifications(tree: Tree, folders: Sequence[str] = FOLDERS) -> list[str]:
    """The paths of the files in these folders that describe NVIDIA's devices."""
    return [path for path, text in _files(tree, folders) if NVIDIA_KIND in text]


def cdi_devices(tree: Tree, folders: Sequence[str] = FOLDERS) -> tuple[CdiDevice, ...]:
    """The devices of both vendors in these folders; a file that can't be read has none."""
    found = [_devices(path, text) for path, text in _files(tree, folders)]
    kinds = (NVIDIA_KIND, AMD_KIND)
    return tuple(device for devices in found for device in devices if device.kind in kinds)


def _files(tree: Tree, folders: Sequence[str]) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for name in tree.names(folder, FILES):
            text = tree.read(f"{folder}/{name}")
            if text is not None:
                yield f"{folder}/{name}", text


def _devices(path: str, text: str) -> Iterator[CdiDevice]:
    return _of_json(text) if path.endswith(".json") else _of_yaml(text)


def _of_json(text: str) -> Iterator[CdiDevice]:
    try:
        whole = as_object(json.loads(text))
    except (ValueError, RecursionError):
        return
    for entry in as_list(whole.get("devices")):
        device = as_object(entry)
        nodes = as_list(as_object(device.get("containerEdits")).get("deviceNodes"))
        yield CdiDevice(
            kind=as_text(whole.get("kind")) or "",
            name=as_text(device.get("name")) or "",
            nodes=tuple(filter(None, (as_text(as_object(node).get("path")) for node in nodes))),
        )


def _of_yaml(text: str) -> Iterator[CdiDevice]:
    """The devices of a file in the one style that the toolkits write; this Python has no YAML.

    ``devices:`` and ``kind:`` stand at the margin, a device begins at a hyphen there, and its
    ``name:`` is indented by two.
    """
    kind = re.search(r"^kind:[ \t]*[\"']?([^\s\"']+)", text, re.MULTILINE)
    section = re.search(r"^devices:[ \t]*\n((?:[ \t-].*\n?|\n)*)", text, re.MULTILINE)
    if kind is None or section is None:
        return
    for entry in re.split(r"^- ", section[1], flags=re.MULTILINE)[1:]:
        body = f"  {entry}"
        name = re.search(r"^  name:[ \t]*[\"']?([^\s\"']+)", body, re.MULTILINE)
        nodes = re.findall(r"^ +- path:[ \t]*[\"']?(/dev/[^\s\"']+)", body, re.MULTILINE)
        if name is not None:
            yield CdiDevice(kind=kind[1], name=name[1], nodes=tuple(nodes))
