"""GPUs that variables hide from a process: ``CUDA_VISIBLE_DEVICES`` and its relatives.

What a value means to which reader is a table with its sources (``probe.tables.visibility``). On AMD
ROCR_VISIBLE_DEVICES filters first, and HIP's list, or else CUDA's, counts what is left.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from probe.facts import HSA_OVERRIDE, POD, Sighting, Vendor
from probe.findings.gpu import Hidden, NotAssigned
from probe.tables.visibility import (
    AMD_CONTAINER,
    CONTAINER,
    CUDA,
    CUDA_ORDER,
    GIVEN_AMD,
    GIVEN_NVIDIA,
    GIVEN_SWARM,
    HIP,
    ON_CUDA,
    ON_HIP,
    ON_HIP_BY_CUDA,
    ON_ROCR,
    ORDINAL,
    ROCR,
    SWARM,
    Case,
    Row,
)

NAMES = (
    *(CUDA, HIP, ROCR, CONTAINER, AMD_CONTAINER, CUDA_ORDER, ORDINAL, HSA_OVERRIDE),
    POD,
)
PREFIXES = (SWARM, f"{HSA_OVERRIDE}_")
# As strtoul reads it for CUDA: "1gpu2" is 1; as HIP takes it: what it would write itself.
LEADING, PLAIN = r"\s*\+?-?(\d{1,5})(?!\d)", r"0|[1-9]\d{0,4}"
# As strtol reads it for HSA, with any base.
C_NUMBER = r"(?i)\+?(?:0x([0-9a-f]{1,4})|0([0-7]{1,5})|([1-9]\d{0,4}|0))"


def visibility(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of an environment that say something of GPUs."""
    return {
        name: value for name, value in environ.items() if name in NAMES or name.startswith(PREFIXES)
    }


def hidden_nvidia(
    gpus: Sequence[Sighting], slices: Sequence[Sighting], environ: Mapping[str, str]
) -> dict[str, Hidden]:
    """The UUIDs (or numbers) of hidden GPUs and MIG slices, each with what hides it."""
    if CUDA not in environ:
        return {}
    allowed = _listed(ON_CUDA, environ[CUDA], gpus, slices)
    reason = Hidden(variable=CUDA, value=environ[CUDA])
    return dict.fromkeys(_left_out(allowed, gpus, slices), reason)


def hidden_amd(gpus: Sequence[Sighting], environ: Mapping[str, str]) -> dict[str, Hidden]:
    """The same for AMD GPUs."""
    hidden: dict[str, Hidden] = {}
    left = list(gpus)
    for row in (ON_ROCR, ON_HIP if environ.get(HIP) else ON_HIP_BY_CUDA):
        value = environ.get(row.variable)
        if value is None or (not value and row.does("empty") == "is unset"):
            continue
        allowed = _listed(row, value, left, [])
        reason = Hidden(variable=row.variable, value=value)
        hidden |= dict.fromkeys(_left_out(allowed, left, []), reason)
        left = [gpu for gpu in left if identity(gpu) in allowed]
    return hidden


def not_assigned(
    vendor: Vendor,
    gpus: Sequence[Sighting],
    slices: Sequence[Sighting],
    environ: Mapping[str, str],
) -> dict[str, NotAssigned]:
    """The GPUs that this container reaches and was not given: others' in a privileged one.

    Swarm's word goes before the runtime's own, as the toolkits have it. What names no card of this
    machine by its UUID says nothing here.
    """
    swarm = {name: value for name, value in environ.items() if name.startswith(SWARM)}
    own = GIVEN_NVIDIA if vendor == "nvidia" else GIVEN_AMD
    for row, given in ((GIVEN_SWARM, swarm), (own, {own.variable: environ.get(own.variable, "")})):
        allowed: set[str] = set()
        for value in given.values():
            allowed |= {identity(found) for found in _assigned(row, value, gpus, slices)}
        if allowed:
            name, value = next(iter(given.items()))
            reason = NotAssigned(variable=name, value=value)
            return dict.fromkeys(_left_out(allowed, gpus, slices), reason)
    return {}


def identity(sighting: Sighting) -> str:
    """What tells a GPU from its neighbours: UUID, else address, else number."""
    return sighting.uuid or sighting.bus or str(sighting.index)


def _left_out(
    allowed: set[str], gpus: Sequence[Sighting], slices: Sequence[Sighting]
) -> Iterator[str]:
    """Who is not allowed. A GPU that is named gives its slices with it."""
    kept = {gpu.index for gpu in gpus if identity(gpu) in allowed}
    yield from (identity(gpu) for gpu in gpus if identity(gpu) not in allowed)
    for piece in slices:
        if identity(piece) not in allowed and piece.slice_of not in kept:
            yield identity(piece)


def _assigned(
    row: Row, value: str, gpus: Sequence[Sighting], slices: Sequence[Sighting]
) -> Iterator[Sighting]:
    """The cards that a container runtime's list names by UUID."""
    for word in value.split(","):
        named = word.strip()
        if not named.startswith(("GPU-", "MIG-")) and re.fullmatch(
            r"(0x)?[0-9a-fA-F]{9,16}", named
        ):
            # AMD's toolkit writes KFD's unique_id as a number, without leading zeros.
            named = f"GPU-{named.lower().removeprefix('0x'):0>16}"
        found = _by_uuid(row, named, gpus, slices)
        if found is not None:
            yield found


def _listed(row: Row, value: str, gpus: Sequence[Sighting], slices: Sequence[Sighting]) -> set[str]:
    """The identities that a list of numbers and UUIDs names; it ends at what is neither."""
    if row.does("quotes") == "is skipped" and len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    words = value.removesuffix(",").split(",")
    if row.does("blanks") == "is skipped":
        words = [word.strip() for word in words]
    if "" in words and row.does("nothing between commas") == "hides all":
        return set()
    listed: set[str] = set()
    for word in words:
        found = _named(row, word, gpus, slices)
        if found is None:
            break
        if identity(found) in listed:
            if row.does("twice") == "empties the list":
                return set()
            if row.does("twice") == "ends the list":
                break
        listed.add(identity(found))
    return listed


def _named(
    row: Row, word: str, gpus: Sequence[Sighting], slices: Sequence[Sighting]
) -> Sighting | None:
    number = _number(row, word)
    if number is not None:
        return gpus[number] if number < len(gpus) else None
    return _by_uuid(row, word, gpus, slices)


def _number(row: Row, word: str) -> int | None:
    if row is ON_CUDA:
        found = re.match(LEADING, word)
        return int(found[1]) if found and (int(found[1]) == 0 or "-" not in found[0]) else None
    if row is ON_ROCR:
        found = re.fullmatch(C_NUMBER, word)
        if found is None:
            return None
        return next(
            int(digits, base)
            for digits, base in zip(found.groups(), (16, 8, 10), strict=True)
            if digits is not None
        )
    return int(word) if re.fullmatch(PLAIN, word) else None


def _by_uuid(
    row: Row, word: str, gpus: Sequence[Sighting], slices: Sequence[Sighting]
) -> Sighting | None:
    """The device whose UUID this is, or begins with it as far as the reader takes that."""
    case: Case = "mig uuid" if word.startswith("MIG-") else "cut uuid"
    if not word.upper().startswith(("GPU-", "MIG-")) or row.does(case) == "ends the list":
        return None
    path = re.fullmatch(r"MIG-(GPU-[0-9a-fA-F-]+)/\d+/\d+", word)
    everything = (*gpus, *slices)
    fits = [s for s in everything if s.uuid and s.uuid.lower().startswith(word.lower())]
    if path is not None and not fits:
        # The name of drivers before 470, which tells the GPU; which of its slices, only where there
        # is one.
        (parent, *_) = [g.index for g in gpus if g.uuid == path[1]] or [None]
        fits = [s for s in slices if parent is not None and s.slice_of == parent]
    if row.does(case) == "names the first such":
        return next((s for s in fits if (s.uuid or "").startswith(word)), None)
    return fits[0] if len(fits) == 1 else None
