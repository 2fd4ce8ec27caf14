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
        for sighting in _once(sightings[:MOST_GPUS]):
            position = _same_gpu(sighting, source, known)
            if position is None:
                merged.append(Merged(sighting=sighting, sources=frozenset({source})))
            else:
                merged[position] = known[position] = Merged(
                    sighting=_fill(merged[position].sighting, sighting),
                    sources=merged[position].sources | {source},
                )
    apart = _told_apart(merged)
    return [replace(entry, sighting=_look_up(entry.sighting)) for entry in apart]


def _once(sightings: Sequence[Sighting]) -> list[Sighting]:
    """One source's sightings, each of NVIDIA's cards and slices once: a UUID that is said again of
    the same address, or without one, is the same card. (Parts of AMD's cards share theirs.)"""
    kept: list[Sighting] = []
    for sighting in sightings:
        again = sighting.vendor == "nvidia" and any(
            other.uuid is not None
            and other.uuid == sighting.uuid
            and (other.bus is None or sighting.bus is None or other.bus == sighting.bus)
            for other in kept
        )
        if not again:
            kept.append(sighting)
    return kept


def _told_apart(merged: Sequence[Merged]) -> list[Merged]:
    """NVIDIA's cards without the UUIDs that several of them have: they name none of them, and CUDA
    uses no card at all where a list names one twice."""
    uuids = [entry.sighting.uuid for entry in merged if entry.sighting.vendor == "nvidia"]
    shared = {uuid for uuid in uuids if uuid is not None and uuids.count(uuid) > 1}
    return [
        replace(entry, sighting=replace(entry.sighting, uuid=None))
        if entry.sighting.vendor == "nvidia" and entry.sighting.uuid in shared
        else entry
        for entry in merged
    ]


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
        # they need not agree on addresses. Where two cards have one, the address tells.
        same = [item for item in candidates if item[1].uuid == sighting.uuid]
        at_address = [item for item in same if item[1].bus == sighting.bus]
        for position, _ in at_address or same:
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
