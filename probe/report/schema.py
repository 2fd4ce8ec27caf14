"""The JSON contract (schema 1): the one object that every other output is made from."""

from typing import Any

from probe.decide.choice import Choice, Selection
from probe.decide.fit import capability_text
from probe.facts import Facts, Gpu, ProbeTrace

SCHEMA = 1

Report = dict[str, Any]


def report(facts: Facts, choice: Choice) -> Report:
    """Facts and choice as the object that ``--json`` prints."""
    return {
        "schema": SCHEMA,
        "host": {
            "arch": facts.host.arch,
            "os": facts.host.os,
            "wsl": facts.host.wsl,
            "container": facts.host.container,
        },
        "gpus": [_gpu(gpu) for gpu in facts.gpus],
        "selection": _selection(choice.selection),
        "rejected": [{"wheel": r.wheel, "why": r.why} for r in choice.rejected],
        "trace": [_trace(line) for line in facts.trace],
        "advice": list(choice.advice),
    }


def _gpu(gpu: Gpu) -> Report:
    return {
        "vendor": gpu.vendor,
        "index": gpu.index,
        "uuid": gpu.uuid,
        "name": gpu.name,
        "memory_mib": gpu.memory_mib,
        "memory_free_mib": gpu.memory_free_mib,
        "driver": gpu.driver,
        "compute_capability": capability_text(gpu),
        "gfx": gpu.gfx,
        "state": gpu.state,
        "why": gpu.why,
    }


def _selection(selection: Selection) -> Report:
    return {
        "backend": selection.backend,
        "device": selection.device,
        "torch": selection.torch,
        "wheel": selection.wheel,
        "index_url": selection.index_url,
        "image": selection.image,
        "visible_devices": list(selection.visible_devices),
        "env": dict(selection.env),
        "run_flags": list(selection.run_flags),
    }


def _trace(line: ProbeTrace) -> Report:
    return {
        "probe": line.probe,
        "command": list(line.command),
        "exit": line.exit,
        "ms": line.ms,
        "found": line.found,
        "why": line.why,
    }
