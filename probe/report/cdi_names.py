"""By which names of the Container Device Interface an engine is asked for the chosen GPUs."""

from collections.abc import Sequence

from probe.facts import DRI, KFD
from probe.machine.cdi import AMD_KIND, NVIDIA_KIND, CdiDevice
from probe.report.schema import GpuReport


def nvidia_names(
    uuids: Sequence[str], gpus: Sequence[GpuReport], cdi: Sequence[CdiDevice]
) -> list[str]:
    """Of NVIDIA's: UUIDs, or numbers where the specification has no others; ``all`` for none.

    ``nvidia-ctk cdi generate`` writes both; an older one, or ``--device-name-strategy=index``,
    numbers alone: 0, and 0:1 for the second slice of the first GPU
    (https://github.com/NVIDIA/nvidia-container-toolkit/blob/main/pkg/nvcdi/namer.go).
    """
    known = {device.name for device in cdi if device.kind == NVIDIA_KIND}
    names = []
    for uuid in uuids:
        number = _number(uuid, gpus)
        names.append(number if uuid not in known and number in known else uuid)
    return [f"{NVIDIA_KIND}={name}" for name in names or ["all"]]


def _number(uuid: str, gpus: Sequence[GpuReport]) -> str:
    parents = {gpu["uuid"] or "": gpu["index"] for gpu in gpus if gpu["vendor"] == "nvidia"}
    parent = parents.get(uuid)
    if not uuid.startswith("MIG-"):
        return str(parent)
    siblings = [name for name in parents if name.startswith("MIG-") and parents[name] == parent]
    return f"{parent}:{siblings.index(uuid)}"


def amd_names(nodes: Sequence[str], cdi: Sequence[CdiDevice]) -> list[str]:
    """Of AMD's, by the nodes that are handed over; none where one of them is not known."""
    known = [device for device in cdi if device.kind == AMD_KIND]
    if DRI in nodes:
        return [device.full_name for device in known if device.name == "all"]
    own = {
        node: [d.full_name for d in known if node in d.nodes and d.name != "all"]
        for node in nodes
        if node != KFD
    }
    return [name for names in own.values() for name in names] if all(own.values()) else []
