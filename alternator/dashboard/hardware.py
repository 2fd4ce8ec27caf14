"""This machine's hardware, as the probe sees it: its report of the start, or one made once.

A container's entrypoint leaves its report in the state directory. Elsewhere the probe is run as a
child, once, when somebody first looks: it asks tools that may take seconds.
"""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from probe.foreign_json import as_int, as_list, as_object, as_text
from probe.machine.variables import REPORT_FILE

log = logging.getLogger(__name__)

COMMAND = (sys.executable, "-P", "-m", "probe", "--json")
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Gpu:
    """A graphics card; ``state`` is present, accessible, proven or dead. Memory in MiB."""

    name: str
    state: str
    memory: int | None
    driver: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the probe found and chose."""

    backend: str
    torch: str
    gpus: tuple[Gpu, ...]
    advice: tuple[str, ...]


class Hardware:
    """Looks once. Any thread may ask."""

    def __init__(self, directory: Path, command: Sequence[str] = COMMAND) -> None:
        self._file = directory / REPORT_FILE
        self._command = command
        self._lock = threading.Lock()
        self._looking: threading.Thread | None = None
        self._seen: Seen | None = None

    def seen(self) -> Seen | None:
        """What is there; None while it is looked for, or where that failed."""
        with self._lock:
            if self._looking is None:
                self._looking = threading.Thread(target=self._look, name="hardware", daemon=True)
                self._looking.start()
        return self._seen

    @property
    def is_looking(self) -> bool:
        """Whether it is being looked for."""
        return self._looking is not None and self._looking.is_alive()

    def _look(self) -> None:
        try:
            self._seen = self._of_file() or self._of_child()
        except (OSError, subprocess.SubprocessError) as error:
            log.warning("the hardware can't be looked at for the dashboard: %s", error)

    def _of_file(self) -> Seen | None:
        try:
            return seen_in(self._file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            return None

    def _of_child(self) -> Seen | None:
        ended = subprocess.run(
            self._command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=True,
        )
        return seen_in(ended.stdout.decode("utf-8", "replace"))


def seen_in(text: str) -> Seen | None:
    """What a report says (docs/report.schema.json); None for what is none."""
    try:
        report = as_object(json.loads(text))
    except (ValueError, RecursionError):
        return None
    selection = as_object(report.get("selection"))
    if not selection:
        return None
    gpus = [as_object(entry) for entry in as_list(report.get("gpus"))]
    return Seen(
        backend=as_text(selection.get("backend")) or "not known",
        torch=" ".join(filter(None, (as_text(selection.get(key)) for key in ("torch", "wheel")))),
        gpus=tuple(
            Gpu(
                name=as_text(gpu.get("name")) or "GPU without a name",
                state=as_text(gpu.get("state")) or "not known",
                memory=as_int(gpu.get("memory_mib")),
                driver=as_text(gpu.get("driver")) or "",
                why=as_text(gpu.get("why")) or "",
            )
            for gpu in gpus
        ),
        advice=tuple(text for text in map(as_text, as_list(report.get("advice"))) if text),
    )
