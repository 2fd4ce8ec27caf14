"""What is known of a machine: the types that reading fills and that deciding reads.

Dictionaries appear only at the JSON edge (``report/``); inside, facts are these frozen objects.
"""

from typing import Literal

from probe.finding import Finding
from probe.frozen_record import Record
from probe.place import Where
from probe.steps import Surroundings, System

Vendor = Literal["nvidia", "amd", "apple"]
State = Literal["present", "accessible", "proven", "dead"]
Backend = Literal["cuda", "rocm", "mps", "cpu"]

# Of a GPU that a process can compute with; ``proven`` is what it did.
USABLE: tuple[State, ...] = ("accessible", "proven")
BACKENDS: dict[Vendor, Backend] = {"nvidia": "cuda", "amd": "rocm", "apple": "mps"}

POD = "KUBERNETES_SERVICE_HOST"  # Kubernetes sets it in every container of a pod
# Makes another target of every AMD GPU
# (https://rocm.docs.amd.com/en/latest/reference/env-variables.html).
HSA_OVERRIDE = "HSA_OVERRIDE_GFX_VERSION"
# AMD's nodes: the one that computes, and the folder of the cards' own.
KFD, DRI = "/dev/kfd", "/dev/dri"

# Of NVIDIA's kernel module.
ModuleFlavour = Literal["open", "proprietary"]

# A compute capability X.Y as (X, Y): compared by number, never as text ("12.1" < "8.9").
ComputeCapability = tuple[int, int]


class Host(Record):
    """The machine, or the container, that the probe runs in."""

    arch: str  # as uname says it: x86_64, aarch64, …
    os: str  # linux, darwin, …
    wsl: bool = False  # either version
    container: bool = False  # of any kind, a system container (LXC) too
    pod: bool = False  # a container that Kubernetes has started
    tegra: bool = False  # an NVIDIA system-on-chip (Jetson), whose driver is of its own kind
    where: Where = Where()  # the same with all that is known of it, and the marks that told it
    system: System | None = None  # the distribution, where it is a known one
    has: frozenset[str] = frozenset()  # tools that were looked for and are there
    lacks: frozenset[str] = frozenset()  # and that are not
    root: bool = False  # whether this process is root's

    @property
    def place(self) -> Surroundings:
        """What remedies differ by."""
        kind = self.where.kind
        if kind == "host" and self.wsl:
            kind = "wsl"
        if kind in ("host", "wsl", "wsl1") and self.container:
            kind = "container"
        return Surroundings(
            kind="pod" if self.pod else kind,
            container=self.where.container,
            system=self.system,
            has=self.has,
            lacks=self.lacks,
            root=self.root,
        )


class Sighting(Record):
    """What one source says of one GPU. Any field may be unknown; ``merge`` puts them together."""

    vendor: Vendor
    bus: str | None = None  # PCI address, 0000:01:00.0
    index: int | None = None  # the number that CUDA_VISIBLE_DEVICES would take
    uuid: str | None = None
    name: str | None = None
    vram_mib: int | None = None
    gtt_mib: int | None = None  # system memory that an AMD GPU may use
    vram_free_mib: int | None = None
    gtt_free_mib: int | None = None
    driver: str | None = None
    compute_capability: ComputeCapability | None = None
    gfx: str | None = None
    device: int | None = None  # PCI device id
    graphics_core: str | None = None  # AMD: version from the kernel's IP discovery, 11.5.0
    kernel_driver: str | None = None  # nvidia, nouveau, amdgpu, vfio-pci, …
    render_minor: int | None = None  # /dev/dri/renderD<minor>
    slice_of: int | None = None  # a MIG device: the index of the GPU that it is cut from
    cuts: int | None = None  # of a MIG device: how many of its GPU's compute slices it has
    mig: bool = False  # a whole GPU that is in MIG mode and so can't be used as one
    minor: int | None = None  # NVIDIA: /dev/nvidia<minor>
    vgpu: str | None = None  # the profile of an NVIDIA virtual GPU, such as 48C
    # An NVIDIA card that the driver knows and can't reach: nvidia-smi's code for why.
    fault: int | None = None


class CudaView(Record):
    """What libcuda lets this process reach; ``status`` is a CUresult, 0 for success."""

    status: int | None = None
    missing: str | None = None  # why the library can't be loaded
    devices: tuple[Sighting, ...] = ()


class HsaView(Record):
    """How rocminfo says that there is no GPU for this process, in its own words."""

    refused: str | None = None  # the line on which it gives up: /dev/kfd could not be opened
    processors: tuple[str, ...] = ()  # it answers, and these are all that it lists


class Gpu(Record):
    """One GPU, or one MIG slice of one, and whether it can be used from here."""

    vendor: Vendor
    index: int
    uuid: str | None = None
    name: str
    memory_mib: int | None = None  # MiB; GTT included where the GPU shares the system's memory
    memory_free_mib: int | None = None  # MiB; as seen while probing
    driver: str | None = None
    compute_capability: ComputeCapability | None = None
    gfx: str | None = None
    state: State
    why: Finding | None = None  # what is in the way
    slice_of: int | None = None
    cuts: int | None = None
    integrated: bool = False
    node: str | None = None  # of an AMD GPU: /dev/dri/renderD<minor>


# Why a probe found nothing; ``findings/trace.py`` has what each means.
TraceCode = Literal[
    "not-installed",
    "not-started",
    "timeout",
    "signal",
    "too-long",
    "failed",
    "exit",
    "no-gpu-listed",
    "no-device-node",
    "no-answer",
    "library-missing",
    "cuda-init-failed",
]


class ProbeTrace(Record):
    """One probe that ran: what it was, how it ended and how many GPUs it found."""

    probe: str
    command: tuple[str, ...] = ()  # empty where files were read
    exit: int | None = None  # None: no process, or it did not end by itself
    ms: int
    found: int
    code: TraceCode | None = None
    why: str | None = None  # the same for a person, and often the tool's own words


class Node(Record):
    """A device node: who may open it."""

    path: str
    group: int  # numeric group id
    open_to_all: bool
    usable: bool  # readable and writable for this process


class Facts(Record):
    """All that the probes found; the input of ``choose``."""

    host: Host
    gpus: tuple[Gpu, ...] = ()
    nodes: tuple[Node, ...] = ()
    trace: tuple[ProbeTrace, ...] = ()
    hsa_override: str | None = None  # HSA_OVERRIDE_GFX_VERSION, as the operator has set it
    notes: tuple[Finding, ...] = ()  # what is in nobody's way, and worth telling
