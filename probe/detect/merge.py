"""Puts together what several sources say of the same GPU."""

from collections.abc import Mapping, Sequence

from probe.facts import Sighting
from probe.frozen_record import Record, replace
from probe.tables.devices import capability_of_device, gfx_of_device, gfx_of_graphics_core

# More than any machine has (eight cards in partitions are 64): what is longer is noise, and must
# not take minutes to put together.
MOST_GPUS = 256


class Merged(Record):
    """One GPU as all its sources together describe it."""

    sighting: Sighting
    sources: frozenset[str]


def merge(found: Mapping[str, Sequence[Sighting]]) -> list[Merged]:
    """One entry for each GPU; the mapping's order is the order of trust, field by field.

    Sources meet by PCI address, then by UUID, then by number. A gfx target or compute capability
    that no source names comes from the tables of device ids.
    """
    merged: list[Merged] = []
    for source, sightings in found.items():
        known = list(merged)
        for sighting in sightings[:MOST_GPUS]:
            position = _same_gpu(sighting, source, known)
            if position is None:
                merged.append(Merged(sighting=sighting, sources=frozenset({source})))
            else:
                merged[position] = known[position] = Merged(
                    sighting=_fill(merged[position].sighting, sighting),
                    sources=merged[position].sources | {source},
                )
    return [replace(entry, sighting=_look_up(entry.sighting)) for entry in merged]


def _same_gpu(sighting: Sighting, source: str, known: Sequence[Merged]) -> int | None:
    """The position of the GPU that ``sighting`` is of, among those other sources have seen."""
    if sighting.slice_of is not None:
        return None
    candidates = [
        (position, entry.sighting)
        for position, entry in enumerate(known)
        if entry.sighting.vendor == sighting.vendor and source not in entry.sources
    ]
    if source == "libcuda" and sighting.uuid is not None:
        # Driver library and management tool agree on UUIDs; under WSL2 and on systems-on-chip
        # they need not agree on addresses.
        for position, other in candidates:
            if other.uuid == sighting.uuid:
                return position
    for position, other in candidates:
        if sighting.bus is not None and other.bus == sighting.bus:
            return position
    for position, other in candidates:
        if sighting.bus is not None and other.bus is not None:
            continue  # two addresses are two cards, whatever else is alike
        if sighting.uuid is not None and other.uuid is not None:
            if other.uuid == sighting.uuid:
                return position
        elif other.index is None or sighting.index is None or other.index == sighting.index:
            return position
    return None


def _fill(first: Sighting, second: Sighting) -> Sighting:
    """The first sighting with its unknown fields taken from the second."""
    missing = {name: getattr(second, name) for name, value in vars(first).items() if value is None}
    return replace(first, **missing)


def _look_up(sighting: Sighting) -> Sighting:
    if sighting.vendor == "nvidia":
        return replace(
            sighting,
            compute_capability=sighting.compute_capability or capability_of_device(sighting.device),
        )
    gfx = sighting.gfx
    if gfx is None and sighting.graphics_core is not None:
        gfx = gfx_of_graphics_core(sighting.graphics_core)
    return replace(sighting, gfx=gfx or gfx_of_device(sighting.device))
