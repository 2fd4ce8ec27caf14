"""How a container is given the chosen GPUs and no others: the flags of ``docker run``.

What a variable hides here, what no build has code for and what is somebody else's stays out there:

- NVIDIA: ``--gpus all`` where all of the machine's GPUs are chosen, else the chosen ones by UUID. A
  MIG slice always goes by its UUID
  (https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html).
- Jetson: the toolkit knows its GPU by csv files, and in that mode its hook refuses ``--gpus``: by
  the runtime (hook_config.go in https://github.com/NVIDIA/nvidia-container-toolkit).
- WSL2: one node stands for all GPUs, and the toolkit knows no single one (pkg/nvcdi/lib-wsl.go
  there): all of them, and CUDA's variable inside.
- AMD: /dev/kfd and the render node of each chosen card: KFD shows a process the cards whose nodes
  its device rules allow
  (https://rocm.docs.amd.com/projects/install-on-linux/en/latest/how-to/docker.html). Where nobody
  told which node is whose, all of them, and HSA's variable inside.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from probe.facts import DRI, KFD, Facts, Gpu, Node
from probe.tables.visibility import CUDA, ROCR


def run_flags(chosen: Sequence[Gpu], facts: Facts) -> tuple[str, ...]:
    """The flags for these GPUs, all of one vendor, most useful first."""
    if chosen[0].vendor == "nvidia":
        return (*_nvidia(chosen, facts), *_groups(_nvidia_nodes(facts)))
    devices, nodes = _amd_devices(chosen, facts)
    flags = [word for device in devices for word in ("--device", device)]
    return (*flags, *_amd_variable(chosen, facts, devices), *_groups(nodes))


def values_of(flag: str, flags: Sequence[str]) -> list[str]:
    """What follows a flag among those of ``run_flags``, each time that it is there."""
    return [value for name, value in pairwise(flags) if name == flag]


def _nvidia(chosen: Sequence[Gpu], facts: Facts) -> tuple[str, ...]:
    if facts.host.tegra:
        return ("--runtime", "nvidia")
    sliced = any(gpu.slice_of is not None for gpu in chosen)
    if not sliced and _all_of_them(chosen, facts):
        return ("--gpus", "all")
    names = ",".join(gpu.uuid or str(gpu.index) for gpu in chosen)
    if facts.host.wsl:
        return ("--gpus", "all", "--env", f"{CUDA}={names}")
    # Docker reads the value as CSV, in which a list is one field only between quotes.
    return ("--gpus", f'"device={names}"')


def _all_of_them(chosen: Sequence[Gpu], facts: Facts) -> bool:
    return all(gpu in chosen for gpu in facts.gpus if gpu.vendor == chosen[0].vendor)


def _nvidia_nodes(facts: Facts) -> list[Node]:
    nodes = [node for node in facts.nodes if node.path.startswith("/dev/nvidia")]
    return [node for node in nodes if node.group and not node.open_to_all]


def _amd_devices(chosen: Sequence[Gpu], facts: Facts) -> tuple[list[str], list[Node]]:
    """What is handed over, and the nodes in it whose groups the container needs."""
    own = [gpu.node for gpu in sorted(chosen, key=lambda gpu: gpu.index) if gpu.node]
    some = not _all_of_them(chosen, facts) and len(own) == len(chosen)
    reached = [KFD, *own] if some else [KFD]
    nodes = [
        node
        for node in facts.nodes
        if node.path in reached or (not some and node.path.startswith(f"{DRI}/renderD"))
    ]
    # Not the root group for a node that is open to all anyway.
    return [KFD, *(own if some else [DRI])], [n for n in nodes if n.group or not n.open_to_all]


def _amd_variable(chosen: Sequence[Gpu], facts: Facts, devices: Sequence[str]) -> tuple[str, ...]:
    # In a container its numbers are not the next container's.
    if DRI not in devices or _all_of_them(chosen, facts) or facts.host.container:
        return ()
    names = ",".join(gpu.uuid or str(gpu.index) for gpu in chosen)
    return ("--env", f"{ROCR}={names}")


def _groups(nodes: Sequence[Node]) -> Iterator[str]:
    for group in sorted({node.group for node in nodes}):
        yield from ("--group-add", str(group))
