"""Makes the selection for a build that fits: which cards, which variables."""

from probe.decide.choice import Question, Selection
from probe.decide.fit import has_code, hsa_override
from probe.decide.handover import run_flags
from probe.facts import BACKENDS, HSA_OVERRIDE, Backend, Gpu
from probe.findings.gpu import Hidden, NotAssigned
from probe.frozen_record import replace
from probe.tables.builds import Build, current_gfx
from probe.tables.visibility import CUDA, HIP

# Memory below which a card is of little use to Whisper: the default model with its working set.
# A card of 4 GB shows a little less.
ENOUGH_MEMORY_MIB = 3840
# From this compute capability on, half precision is the fast one
# (https://docs.nvidia.com/cuda/cuda-c-programming-guide/#compute-capability-7-x).
TENSOR_CORES = (7, 0)


def usefulness(gpu: Gpu) -> tuple[object, ...]:
    """Sort key, most useful first; an unknown memory size is the system's, so enough."""
    memory = gpu.memory_mib if gpu.memory_mib is not None else ENOUGH_MEMORY_MIB
    capability = gpu.compute_capability or (0, 0)
    return (
        memory < ENOUGH_MEMORY_MIB,
        gpu.integrated,
        _outdated(gpu),
        -memory,
        (-capability[0], -capability[1]),
        -(gpu.cuts or 0),
        gpu.index,
    )


def _outdated(gpu: Gpu) -> bool:
    """Slow at half precision, or served by older lines of torch only."""
    if gpu.vendor == "amd":
        return gpu.gfx not in current_gfx()
    return gpu.vendor == "nvidia" and (gpu.compute_capability or (0, 0)) < TENSOR_CORES


def select_gpu(build: Build, primary: Gpu, question: Question) -> Selection:
    """The selection for a build that fits ``primary``, with the other cards that it fits."""
    facts = question.facts
    siblings = sorted(
        (g for g in question.usable if g.vendor == primary.vendor), key=lambda g: g.index
    )
    together = [
        gpu
        for gpu in sorted(siblings, key=usefulness)
        if gpu is primary or _goes_with(gpu, primary, build, question)
    ]
    visible = [gpu.uuid or str(gpu.index) for gpu in together]
    if primary.vendor == "amd":
        # HIP counts all cards that it can reach, in the driver's order, also those without code,
        # those whose proof failed, and those that its own variable hides now; it takes no UUIDs
        # (https://rocm.docs.amd.com/en/latest/conceptual/gpu-isolation.html).
        counted = [
            gpu
            for gpu in facts.gpus
            if gpu in siblings or (gpu.vendor == "amd" and _reached_by_hip(gpu))
        ]
        counted.sort(key=lambda gpu: gpu.index)
        visible = [str(counted.index(gpu)) for gpu in together]
    override = hsa_override(build, primary, question)
    backend = BACKENDS[primary.vendor]
    if backend == "mps":
        # The one GPU of a Mac; no container reaches it, so the image is the CPU's.
        return replace(select_cpu(build), backend=backend, device="mps", gpus=(primary,))
    return Selection(
        backend=backend,
        device="cuda",
        torch=build.torch,
        wheel=build.wheel,
        index_url=build.index_url,
        image=backend,
        gpus=tuple(together),
        visible_devices=tuple(visible),
        env={HSA_OVERRIDE: override.version} if override else {},
        run_flags=run_flags(together, facts),
    )


def _reached_by_hip(gpu: Gpu) -> bool:
    """Whether HIP counts a card that is not to be used."""
    hidden = isinstance(gpu.why, Hidden) and gpu.why.variable in (HIP, CUDA)
    return hidden or gpu.state == "dead" or isinstance(gpu.why, NotAssigned)


def _goes_with(gpu: Gpu, primary: Gpu, build: Build, question: Question) -> bool:
    """Whether a second card can be used in the same process as the first."""
    if gpu.slice_of is not None or primary.slice_of is not None:
        # CUDA uses one MIG slice in a process, and no whole GPU beside it
        # (https://docs.nvidia.com/datacenter/tesla/mig-user-guide/getting-started-with-mig.html).
        return False
    if not has_code(build, gpu, question):
        return False
    # An HSA override holds for all cards of a process: only its own target may stand beside it.
    mine = hsa_override(build, primary, question)
    other = hsa_override(build, gpu, question)
    return mine == other or (mine is not None and gpu.gfx == mine.runs_as)


def select_cpu(build: Build, image: Backend = "cpu") -> Selection:
    """The CPU, by a build of torch that may have come for a GPU (``image``)."""
    return Selection(
        backend="cpu",
        device="cpu",
        torch=build.torch,
        wheel=build.wheel,
        index_url=build.index_url,
        image=image,
        env={},
    )
