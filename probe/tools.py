"""The probes that run a vendor's tool."""

import time
from dataclasses import replace

from probe.facts import ProbeTrace, Sighting
from probe.finding import NOT_INSTALLED, Context, Finding, Outcome
from probe.parse import nvidia_smi, rocm_smi, rocminfo

ROCM_SMI = (
    *("--showid", "--showuniqueid", "--showproductname", "--showbus", "--showdriverversion"),
    *("--showmeminfo", "vram", "gtt", "--json"),
)
UNKNOWN_FIELD_EXIT = 2  # nvidia-smi: a --query-gpu field that this driver does not know
ERROR_LENGTH = 200  # characters of a tool's complaint that are kept


def probe_nvidia_smi(context: Context) -> Finding:
    """The query; again without newer fields where the driver lacks them; MIG slices if any."""
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
        sightings = nvidia_smi.parse_query(outcome.text, fields) if outcome.why is None else ()
        traces[-1] = replace(traces[-1], found=len(sightings))
        return outcome, sightings

    outcome, sightings = query(nvidia_smi.FIELDS + nvidia_smi.NEWER_FIELDS)
    if outcome.exit == UNKNOWN_FIELD_EXIT and not sightings:
        outcome, sightings = query(nvidia_smi.FIELDS)
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
        traces[-1] = replace(traces[-1], why=first_line or f"exit {outcome.exit}")
    return Finding(
        sightings=sightings,
        trace=tuple(traces),
        tried=outcome.why != NOT_INSTALLED,
        answered=bool(sightings) or outcome.ok,
        slices_listed=slices_listed,
    )


def probe_rocm_smi(context: Context) -> Finding:
    """AMD's management tool; it reads sysfs, so its answer tells presence only."""
    outcome, trace = context.run("rocm-smi", *ROCM_SMI, timeout_s=context.timeout_s)
    sightings = rocm_smi.parse_rocm_smi(outcome.text) if outcome.why is None else ()
    return _tool_finding(sightings, outcome, trace)


def probe_rocminfo(context: Context) -> Finding:
    """The HSA runtime's agents; it opens ``/dev/kfd``."""
    outcome, trace = context.run("rocminfo", timeout_s=context.timeout_s)
    sightings = rocminfo.parse_rocminfo(outcome.text) if outcome.ok else ()
    return _tool_finding(sightings, outcome, trace)


def _tool_finding(sightings: tuple[Sighting, ...], outcome: Outcome, trace: ProbeTrace) -> Finding:
    why = trace.why
    if why is None and not sightings:
        first_line = outcome.text.strip().partition("\n")[0][:ERROR_LENGTH]
        why = f"exit {outcome.exit}: {first_line}" if outcome.exit else "lists no GPU"
    return Finding(
        sightings=sightings,
        trace=(replace(trace, found=len(sightings), why=why),),
        tried=outcome.why != NOT_INSTALLED,
        answered=bool(sightings),
    )
