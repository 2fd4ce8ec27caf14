"""GPUs that variables hide from a process: ``CUDA_VISIBLE_DEVICES`` and its relatives.

Rules: NVIDIA's list ends at the first entry that is no device, and a UUID may be cut short
(https://docs.nvidia.com/cuda/cuda-programming-guide/05-appendices/environment-variables.html);
AMD's ROCR_VISIBLE_DEVICES filters first, HIP's list counts what is left, and CUDA's name is
honoured where HIP's is not set
(https://rocm.docs.amd.com/projects/HIP/en/latest/reference/env_variables.html).
"""

from collections.abc import Mapping, Sequence

from probe.facts import HSA_OVERRIDE, POD, Sighting
from probe.findings.gpu import Hidden

CUDA, HIP, ROCR = "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"
# Read by NVIDIA's container runtime:
# https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
CONTAINER = "NVIDIA_VISIBLE_DEVICES"
NAMES = (CUDA, HIP, ROCR, CONTAINER, HSA_OVERRIDE, POD)


def hidden_nvidia(
    gpus: Sequence[Sighting], slices: Sequence[Sighting], environ: Mapping[str, str]
) -> dict[str, Hidden]:
    """The UUIDs (or numbers) of hidden GPUs and MIG slices, each with what hides it."""
    if CUDA not in environ:
        return {}
    allowed = _listed(environ[CUDA], [*gpus], [*slices], once=True)
    reason = Hidden(variable=CUDA, value=environ[CUDA])
    hidden = {identity(gpu): reason for gpu in gpus if identity(gpu) not in allowed}
    # A GPU that is named gives its slices with it.
    kept = {gpu.index for gpu in gpus if identity(gpu) in allowed}
    return hidden | {
        identity(piece): reason
        for piece in slices
        if identity(piece) not in allowed and piece.slice_of not in kept
    }


def hidden_amd(gpus: Sequence[Sighting], environ: Mapping[str, str]) -> dict[str, Hidden]:
    """The same for AMD GPUs."""
    hidden: dict[str, Hidden] = {}
    left = list(gpus)
    for name in (ROCR, HIP if HIP in environ else CUDA):
        if name in environ:
            allowed = _listed(environ[name], left, [])
            reason = Hidden(variable=name, value=environ[name])
            hidden |= {identity(gpu): reason for gpu in left if identity(gpu) not in allowed}
            left = [gpu for gpu in left if identity(gpu) in allowed]
    return hidden


def identity(sighting: Sighting) -> str:
    """What tells a GPU from its neighbours: UUID, else address, else number."""
    return sighting.uuid or sighting.bus or str(sighting.index)


def _listed(
    value: str, gpus: list[Sighting], slices: list[Sighting], *, once: bool = False
) -> set[str]:
    """The identities that a list of numbers and UUIDs names; it ends at what is neither.

    ``once``: a device that is named twice empties the list, as CUDA does.
    """
    listed: set[str] = set()
    for word in value.split(","):
        found = _named(word.strip(), gpus, slices)
        if found is None:
            break
        if once and identity(found) in listed:
            return set()
        listed.add(identity(found))
    return listed


def _named(word: str, gpus: list[Sighting], slices: list[Sighting]) -> Sighting | None:
    if word.isdecimal() and len(word) < 6:
        return gpus[int(word)] if int(word) < len(gpus) else None
    if not word.startswith(("GPU-", "MIG-")):
        return None
    # A UUID may be cut short as long as it stays unique.
    fits = [s for s in (*gpus, *slices) if (s.uuid or "").lower().startswith(word.lower())]
    return fits[0] if len(fits) == 1 else None
