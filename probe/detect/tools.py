"""The probes that run a vendor's tool.

A parser is imported where its tool has answered: most machines have one tool or none, and what is
imported before the tools are started delays them all.
"""

import re

from probe.detect.probe_result import Context, ProbeResult
from probe.detect.waiting import Waiting
from probe.facts import ProbeTrace, Sighting
from probe.frozen_record import replace
from probe.machine.outcome import Failure, Outcome
from probe.machine.this_machine import LIBCUDA
from probe.numbers import normal_bus

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
CUT: tuple[Failure, ...] = ("timeout", "signal", "too-long")
UNKNOWN_FIELD = r'Field "([\w.]+)" is not a valid field'
ERROR_LENGTH = 200  # characters of a tool's complaint that are kept


class _NvidiaSmi:
    """nvidia-smi with the time that it has for all its questions, and the trace of them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.waiting = context.waiting or Waiting(context.timeout_s, context.timeout_s)
        self.traces: list[ProbeTrace] = []

    def run(self, *arguments: str) -> Outcome:
        """Ask it, and note that it was asked."""
        remaining, waiting = max(0.01, self.waiting.left_s), self.waiting
        outcome, trace = self._context.run(
            "nvidia-smi", *arguments, timeout_s=remaining, waiting=waiting
        )
        self.traces.append(trace)
        return outcome

    def query(self, fields: tuple[str, ...], *which: str) -> tuple[Outcome, tuple[Sighting, ...]]:
        """The rows of these fields."""
        from probe.detect.parse import nvidia_smi

        outcome = self.run(f"--query-gpu={','.join(fields)}", "--format=csv,nounits", *which)
        # Some failures (a corrupt infoROM, one lost card of two, a hang at the last card) come with
        # good rows.
        text = outcome.text if outcome.failure is None else nvidia_smi.whole_lines(outcome.text)
        return outcome, self.found(nvidia_smi.parse_query(text, fields))

    def slices(self) -> tuple[bool, tuple[Sighting, ...]]:
        """Whether it lists MIG slices at all, and those that it lists."""
        from probe.detect.parse import nvidia_smi

        listing = self.run("-L")
        listed = nvidia_smi.parse_list(listing.text) if listing.ok else ()
        pieces = tuple(sighting for sighting in listed if sighting.slice_of is not None)
        return bool(listed), self.found(pieces)

    def found(self, sightings: tuple[Sighting, ...]) -> tuple[Sighting, ...]:
        """The same, counted for the last question."""
        self.traces[-1] = replace(self.traces[-1], found=len(sightings))
        return sightings


def probe_nvidia_smi(context: Context) -> ProbeResult:
    """The query; again without newer fields where the driver lacks them, and for the other cards
    where one has no handle; MIG slices if any."""
    from probe.detect.parse import nvidia_smi

    tool = _NvidiaSmi(context)
    fields: tuple[str, ...] = nvidia_smi.FIELDS + nvidia_smi.NEWER_FIELDS
    outcome, sightings = tool.query(fields)
    for _ in fields:
        known = _known_fields(fields, outcome)
        if sightings or known == fields:
            break
        fields = known
        outcome, sightings = tool.query(fields)
    listed = {sighting.bus for sighting in sightings}
    faulty = tuple(s for s in nvidia_smi.parse_faults(outcome.text) if s.bus not in listed)
    others = () if sightings else _others(context, faulty)
    if others:
        # One card without a handle keeps it from listing the others, unless they are named.
        sightings = tool.query(fields, f"--id={','.join(others)}")[1]
    if outcome.failure is None:
        tool.waiting.answered()
    slices_listed = False
    if any(sighting.mig for sighting in sightings):
        slices_listed, pieces = tool.slices()
        sightings += pieces
    if not sightings and outcome.exit not in (None, 0):
        first_line = outcome.text.strip().partition("\n")[0][:ERROR_LENGTH]
        why = first_line or f"exit {outcome.exit}"
        tool.traces[-1] = replace(tool.traces[-1], code="exit", why=why)
    return ProbeResult(
        sightings=sightings + faulty,
        trace=tuple(tool.traces),
        cut=outcome.failure in CUT,
        named=bool(faulty),
        tried=outcome.failure != "not-installed",
        answered=bool(sightings) or outcome.ok,
        slices_listed=slices_listed,
    )


def _others(context: Context, faulty: tuple[Sighting, ...]) -> tuple[str, ...]:
    """The addresses of the cards that the driver holds beside those that were named as faulty."""
    if not faulty:
        return ()
    named = {sighting.bus for sighting in faulty}
    held = context.tree.names("/proc/driver/nvidia/gpus")
    return tuple(name for name in held if normal_bus(name) not in named)


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
    waiting = context.waiting or Waiting(context.timeout_s, context.timeout_s)
    outcome, trace = context.run(LIBCUDA, *arguments, timeout_s=waiting.left_s, waiting=waiting)
    # Its answer is one line: what it printed before it crashed at its end, or hung there, counts.
    cuda = parse_libcuda(outcome.text)
    if cuda is not None and cuda.missing is None:
        waiting.answered()
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
