"""How much memory the bot's container may take, by the model that it is to load."""

from collections.abc import Mapping
from pathlib import Path

from probe.machine.files import Tree
from probe.machine.host_software import memory_mib
from probe.machine.operator_config import whisper_settings
from probe.machine.variables import MEMORY_LIMIT, WHISPER_MODEL
from probe.report.schema import Report
from probe.tables.models import memory_limit, shortage

DEMO_MODEL = "base"  # or tiny, or the demo's own checkpoint, which is smaller still


def variables(report: Report, model: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """The limit as the compose file takes it; none where the operator has set one."""
    if environ.get(MEMORY_LIMIT):
        return {}
    on_cpu = report["selection"]["backend"] == "cpu"
    return {MEMORY_LIMIT: f"{memory_limit(model, cpu=on_cpu)}g"}


def warnings(report: Report, model: str | None, memory: int | None) -> list[str]:
    """What to know before the start where the model is larger than ``memory`` (MiB, None where
    nobody knows)."""
    found = shortage(model, memory)
    if report["selection"]["backend"] != "cpu" or found is None or memory is None:
        return []
    large, smaller = found
    return [
        (
            f"The Whisper model {large.name} takes up to {large.cpu_mib / 1024:.1f} GiB on a CPU, "
            f'and this machine has {memory / 1024:.1f} GiB. Take model = "{smaller}" in [whisper].'
        )
    ]


def memory_here() -> int | None:
    """This machine's memory in MiB; None where it does not tell."""
    return memory_mib(Tree())


def model_of(config: Path | None, environ: Mapping[str, str]) -> str | None:
    """The model that the bot of an account will load, None for its default."""
    named = environ.get(WHISPER_MODEL)
    return named or (whisper_settings({}, str(config)).get("model") if config else None)
