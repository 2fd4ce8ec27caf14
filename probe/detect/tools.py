"""The probes that run a vendor's tool.

A parser is imported where its tool has answered: most machines have one tool or none, and what is
imported before the tools are started delays them all.
"""

import re
import time

from probe.detect.probe_result import Context, ProbeResult
from probe.facts import ProbeTrace, Sighting
from probe.frozen_record import replace
from probe.machine.outcome import Outcome
from probe.machine.this_machine import LIBCUDA

ROCM_SMI = (
    *("--showid", "--showuniqueid", "--showproductname", "--showbus", "--showdriverversion"),
    *("--showmeminfo", "vram", "gtt", "--json"),
)
AMD_SMI = ("static", "--asic", "--bus", "--vram", "--driver", "--json")
# Without one of these (Linux, WSL2, Jetson) there is nothing that libcuda could reach.
CUDA_NODES = ("/dev/nvidiactl", "/dev/dxg", "/dev/nvhost-gpu")
# nvidia-smi: a --query-gpu field that this driver does not know. Its exit codes are NVML's
# (RETURN VALUE in https://docs.nvidia.com/deploy/pdf/NVSMI_Manual.pdf).
UNKNOWN_FIELD_EXIT = 2
UNKNOWN_FIELD = r'Field "([\w.]+)" is not a valid field'
ERROR_LENGTH = 200  # characters of a tool's complaint that are kept


def probe_nvidia_smi(context: Context) -> ProbeResult:
    """The query; again without newer fields where the driver lacks them; MIG slices if any."""
    from probe.detect.parse import nvidia_smi

    deadline = time.monotonic() + context.timeout_s
    traces: list[ProbeTrace] = []

    def run(*arguments: str) -> Outcome:
        remaining = max(0.01, deadline - time.monotonic())
        outcome, trace = context.run("nvidia-smi", *arguments, timeout_s=remaining)
        traces.append(trace)
        return outcome

    def query(fields: tuple[str, ...]) -> tuple[Outcome, tuple[Sighting, ...]]:
        outcome = run(f"--query-gpu={','.join(fields)}", "--format=csv,nounits")
        # Some failures (a corrupt infoROM, one lost card of two) come with good rows.
        sightings = nvidia_smi.parse_query(outcome.text, fields) if outcome.failure is None else ()
        traces[-1] = replace(traces[-1], found=len(sightings))
        return outcome, sightings

    fields: tuple[str, ...] = nvidia_smi.FIELDS + nvidia_smi.NEWER_FIELDS
    outcome, sightings = query(fields)
    for _ in fields:
        known = _known_fields(fields, outcome)
        if sightings or known == fields:
            break
        fields = known
        outcome, sightings = query(fields)
    slices_listed = False
    if any(sighting.mig for sighting in sightings):
        listing = run("-L")
        listed = nvidia_smi.parse_list(listing.text) if listing.ok else ()
        slices_listed = bool(listed)
        pieces = tuple(sighting for sighting in listed if sighting.slice_of is not None)
        traces[-1] = replace(traces[-1], found=len(pieces))
        sightings += pieces
    if not sightings and outcome.exit not in (None, 0):
        first_line = outcome.text.strip().partition("\n")[0][:ERROR_LENGTH]
        traces[-1] = replace(traces[-1], code="exit", why=first_line or f"exit {outcome.exit}")
    return ProbeResult(
        sightings=sightings,
        trace=tuple(traces),
        tried=outcome.failure != "not-installed",
        answered=bool(sightings) or outcome.ok,
        slices_listed=slices_listed,
    )


def _known_fields(fields: tuple[str, ...], outcome: Outcome) -> tuple[str, ...]:
    """The fields without the one that the driver says it does not know, else without newer ones."""
    from probe.detect.parse import nvidia_smi

    unknown = re.search(UNKNOWN_FIELD, outcome.text)
    if unknown and unknown[1] in fields and unknown[1] not in nvidia_smi.NEEDED:
        return tuple(field for field in fields if field != unknown[1])
    return nvidia_smi.FIELDS if outcome.exit == UNKNOWN_FIELD_EXIT else fields


def probe_rocm_smi(context: Context) -> ProbeResult:
    """AMD's management tool; it reads sysfs, so its answer tells presence only."""
    outcome, trace = context.run("rocm-smi", *ROCM_SMI, timeout_s=context.timeout_s)
    if outcome.failure is not None:
        return _tool_result((), outcome, trace)
    from probe.detect.parse.rocm_smi import parse_rocm_smi

    return _tool_result(parse_rocm_smi(outcome.text), outcome, trace)


def probe_amd_smi(context: Context) -> ProbeResult:
    """AMD's newer management tool; as rocm-smi, it tells presence only."""
    outcome, trace = context.run("amd-smi", *AMD_SMI, timeout_s=context.timeout_s)
    if outcome.failure is not None:
        return _tool_result((), outcome, trace)
    from probe.detect.parse.amd_smi import parse_amd_smi

    return _tool_result(parse_amd_smi(outcome.text), outcome, trace)


def probe_libcuda(context: Context) -> ProbeResult:
    """NVIDIA's driver itself, in a child: the last word on what this process reaches."""
    if not any(context.tree.exists(node) for node in CUDA_NODES):
        trace = ProbeTrace(
            probe=LIBCUDA, ms=0, found=0, code="no-device-node", why="no NVIDIA device node"
        )
        return ProbeResult(trace=(trace,))
    from probe.detect.parse.libcuda import parse_libcuda

    arguments = ("--memory",) if context.memory else ()
    outcome, trace = context.run(LIBCUDA, *arguments, timeout_s=context.timeout_s)
    cuda = parse_libcuda(outcome.text) if outcome.failure is None else None
    if cuda is None:
        if trace.code is None:
            trace = replace(trace, code="no-answer", why="no answer")
        return ProbeResult(trace=(trace,), tried=True)
    if cuda.missing:
        trace = replace(trace, code="library-missing", why=cuda.missing)
    elif cuda.status:
        trace = replace(trace, code="cuda-init-failed", why=f"cuInit: error {cuda.status}")
    return ProbeResult(
        sightings=cuda.devices,
        trace=(replace(trace, found=len(cuda.devices)),),
        tried=True,
        answered=cuda.status == 0,
        cuda=cuda,
    )


def probe_rocminfo(context: Context) -> ProbeResult:
    """The HSA runtime's agents; it opens ``/dev/kfd``."""
    outcome, trace = context.run("rocminfo", timeout_s=context.timeout_s)
    if outcome.failure is not None:
        return _tool_result((), outcome, trace)
    from probe.detect.parse.rocminfo import parse_rocminfo, parse_view

    view = parse_view(outcome.text)
    if view is not None and view.refused is not None:
        # The line on which it gives up is not the first one that it prints.
        why = f"exit {outcome.exit}: {view.refused[:ERROR_LENGTH]}"
        trace = replace(trace, code="exit", why=why)
    sightings = parse_rocminfo(outcome.text) if outcome.ok else ()
    return replace(_tool_result(sightings, outcome, trace), hsa=view)


def _tool_result(
    sightings: tuple[Sighting, ...], outcome: Outcome, trace: ProbeTrace
) -> ProbeResult:
    if trace.code is None and not sightings:
        first_line = outcome.text.strip().partition("\n")[0][:ERROR_LENGTH]
        if outcome.exit:
            trace = replace(trace, code="exit", why=f"exit {outcome.exit}: {first_line}")
        else:
            trace = replace(trace, code="no-gpu-listed", why="lists no GPU")
    return ProbeResult(
        sightings=sightings,
        trace=(replace(trace, found=len(sightings)),),
        tried=outcome.failure != "not-installed",
        answered=bool(sightings),
    )
