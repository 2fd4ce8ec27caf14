"""Tells a GPU that is merely visible from one that can be used, and says what is in the way.

``/sys/module/nvidia``, ``/proc/driver/nvidia`` and KFD's sysfs are visible inside containers that
were given no GPU. What counts is a tool that talked to the driver, or device nodes that open.
"""

from collections.abc import Mapping, Sequence

from probe.detect.access_amd import amd_verdict, render_node
from probe.detect.access_nvidia import nvidia_verdict
from probe.detect.evidence import Evidence, Verdict, present
from probe.detect.merge import Merged
from probe.detect.visibility import hidden_amd, hidden_nvidia, identity, not_assigned
from probe.facts import Gpu, Sighting, Vendor
from probe.finding import Finding
from probe.findings.gpu import Hidden, NodeClosed
from probe.findings.nvidia import NoMigSlice
from probe.frozen_record import replace
from probe.tables.devices import is_integrated
from probe.tables.visibility import CUDA


def judge(merged: Sequence[Merged], evidence: Evidence) -> tuple[Gpu, ...]:
    """The GPUs with their states; NVIDIA's first, then AMD's, each in the driver's order."""
    nvidia = sorted((m for m in merged if m.sighting.vendor == "nvidia"), key=_order)
    amd = sorted((m for m in merged if m.sighting.vendor == "amd"), key=_order)
    gpus = _nvidia_gpus(nvidia, evidence)
    sightings = [entry.sighting for entry in amd]
    hidden: dict[str, Finding] = {
        **_others("amd", sightings, [], evidence),
        **hidden_amd(sightings, evidence.environ),
    }
    for position, entry in enumerate(amd):
        verdict = amd_verdict(entry, evidence, hidden=identity(entry.sighting) in hidden)
        gpus.append(_gpu(entry.sighting, position, _unless_hidden(verdict, entry.sighting, hidden)))
    if evidence.host.os == "darwin" and evidence.host.arch == "arm64":
        # Every Mac with a processor of Apple's has its GPU, and Metal reaches it without a driver.
        gpus.append(
            Gpu(vendor="apple", index=0, name="Apple GPU", state="accessible", integrated=True)
        )
    return tuple(gpus)


def _others(
    vendor: Vendor, gpus: Sequence[Sighting], slices: Sequence[Sighting], evidence: Evidence
) -> Mapping[str, Finding]:
    """What a container that reaches more than it was given leaves to others."""
    if not evidence.host.container:
        return {}  # on a host these variables say nothing
    return not_assigned(vendor, gpus, slices, evidence.environ)


def _unless_hidden(verdict: Verdict, sighting: Sighting, hidden: Mapping[str, Finding]) -> Verdict:
    """A GPU that a variable hides could be reached, and is not to be used: from here, or by a
    container that gets the group of a node which is closed to this user."""
    reason = hidden.get(identity(sighting))
    reachable = verdict.state == "accessible" or isinstance(verdict.why, NodeClosed)
    if reason is None or not reachable:
        return verdict
    return present(reason)


def _order(entry: Merged) -> tuple[int, str]:
    index = entry.sighting.index
    return (index if index is not None else 1 << 30, entry.sighting.bus or "")


def _nvidia_gpus(merged: Sequence[Merged], evidence: Evidence) -> list[Gpu]:
    slices = [m.sighting for m in merged if m.sighting.slice_of is not None]
    whole = [m for m in merged if m.sighting.slice_of is None]
    hidden = _hidden(whole, slices, evidence)
    gpus: list[Gpu] = []
    for position, entry in enumerate(whole):
        sighting = entry.sighting
        if sighting.driver is None:
            sighting = replace(sighting, driver=evidence.nvidia_driver)
        hidden_whole = identity(sighting) in hidden
        verdict = nvidia_verdict(entry, evidence, hidden=hidden_whole or bool(slices))
        own = [piece for piece in slices if sighting.mig and piece.slice_of == sighting.index]
        if sighting.mig and evidence.slices_listed and not own:
            verdict = present(NoMigSlice())
        # A GPU in MIG mode is used through its slices only.
        for piece in own:
            capability = sighting.compute_capability
            full = replace(
                _measured(piece, evidence), driver=sighting.driver, compute_capability=capability
            )
            gpus.append(_gpu(full, position, _unless_hidden(verdict, piece, hidden)))
        if not own:
            gpus.append(_gpu(sighting, position, _unless_hidden(verdict, sighting, hidden)))
    return gpus


def _hidden(
    whole: Sequence[Merged], slices: Sequence[Sighting], evidence: Evidence
) -> dict[str, Finding]:
    """What keeps NVIDIA's GPUs and slices from this process, by what tells them apart."""
    sightings = [m.sighting for m in whole]
    others = _others("nvidia", sightings, slices, evidence)
    hidden = hidden_nvidia(sightings, slices, evidence.environ)
    reached = any("libcuda" in m.sources for m in whole)
    if CUDA in evidence.environ and reached and not slices:
        # CUDA numbers the fastest card first, nvidia-smi by address: libcuda knows which is meant.
        reason = Hidden(variable=CUDA, value=evidence.environ[CUDA])
        hidden = {identity(m.sighting): reason for m in whole if "libcuda" not in m.sources}
    for piece in slices:
        if any(_digits(device) == _digits(piece) for device in _cuda_devices(evidence)):
            hidden.pop(identity(piece), None)  # by a name that only libcuda can read
    return {**others, **hidden}


def _cuda_devices(evidence: Evidence) -> Sequence[Sighting]:
    return evidence.cuda.devices if evidence.cuda else ()


def _measured(piece: Sighting, evidence: Evidence) -> Sighting:
    """A MIG slice with the memory that libcuda tells of it; its name only says a round number."""
    for device in _cuda_devices(evidence):
        if _digits(device) == _digits(piece) and device.vram_mib:
            return replace(piece, vram_mib=device.vram_mib, vram_free_mib=device.vram_free_mib)
    return piece


def _digits(sighting: Sighting) -> str:
    return (sighting.uuid or "").partition("-")[2].lower()


def _name_by_id(sighting: Sighting) -> str:
    """What the PCI device id tells, where no source has a name: two cards are told apart by it."""
    from probe.tables.device_names import name_of_device  # most machines' tools name their cards

    maker = "AMD" if sighting.vendor == "amd" else "NVIDIA"
    return name_of_device(sighting.vendor, sighting.device) or f"{maker} GPU"


def _gpu(sighting: Sighting, position: int, verdict: Verdict) -> Gpu:
    integrated = sighting.vendor == "amd" and is_integrated(sighting.gfx)
    memory, free = sighting.vram_mib, sighting.vram_free_mib
    if integrated and sighting.gtt_mib is not None:
        # A carve-out of 512 MiB says little: the rest of what it may use is GTT.
        memory = (memory or 0) + sighting.gtt_mib
        free = None if sighting.gtt_free_mib is None else (free or 0) + sighting.gtt_free_mib
    elif integrated:
        memory = free = None  # the carve-out alone would say that no model fits
    return Gpu(
        vendor=sighting.vendor,
        index=sighting.index if sighting.index is not None else position,
        uuid=sighting.uuid,
        name=sighting.name or _name_by_id(sighting),
        memory_mib=memory,
        memory_free_mib=free,
        driver=sighting.driver,
        compute_capability=sighting.compute_capability,
        gfx=sighting.gfx,
        state=verdict.state,
        why=verdict.why,
        slice_of=sighting.slice_of,
        cuts=sighting.cuts,
        integrated=integrated,
        node=None if sighting.vendor != "amd" else render_node(sighting),
    )
