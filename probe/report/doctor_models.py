"""Which Whisper models the memory allows, of a GPU or of the machine."""

from collections.abc import Iterator

from probe.finding import Finding
from probe.findings import improvements as found
from probe.report.examination import Examination, Improvement
from probe.tables.models import best_model, find_model, memory_limit, room, shortage


def model_improvements(case: Examination) -> Iterator[Improvement]:
    """The best Whisper model for the memory of the GPU that is used."""
    wanted = case.setting.model
    for gpu in case.choice.selection.gpus[:1]:
        memory, free = room(gpu), gpu.memory_free_mib is not None
        if memory is None:
            return
        best, named = best_model(memory), find_model(wanted) if wanted else None
        finding: Finding
        if best is None:
            tool = "nvidia-smi" if gpu.vendor == "nvidia" else "rocm-smi --showpids"
            finding = found.NoModelFits(name=gpu.name, memory_mib=memory, free=free, tool=tool)
        elif named is not None and named.memory_mib > memory:
            finding = found.ModelTooLarge(
                name=gpu.name,
                memory_mib=memory,
                free=free,
                model=wanted or named.name,
                model_mib=named.memory_mib,
                best=best.name,
            )
        else:
            finding = found.ModelsThatFit(
                name=gpu.name, memory_mib=memory, free=free, best=best.name
            )
        yield case.improvement(finding)


def memory_improvements(case: Examination) -> Iterator[Improvement]:
    """A model that is too large for this machine's memory, or for what the container may take."""
    wanted = case.setting.model
    kinds = (
        (case.around.memory_mib, found.ModelTooLargeForCpu),
        (case.around.limit_mib, found.ModelTooLargeForContainer),
    )
    for memory_mib, kind in kinds:
        short = shortage(wanted, memory_mib)
        if short is None or memory_mib is None:
            continue
        model, smaller = short
        yield case.improvement(
            kind(
                model=wanted or model.name,
                model_mib=model.cpu_mib,
                memory_mib=memory_mib,
                smaller=smaller,
                limit_gib=memory_limit(model.name, cpu=True),
            )
        )
        return
