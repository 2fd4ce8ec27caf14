"""What the probe says of this machine, in the builder's terms: which variant and torch build."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Protocol

from images.catalog import Catalog, Variant, with_build
from images.errors import ImagesError
from images.typed_json import typed
from probe.errors import PROBE_PREFIX, WAITING_PREFIX
from probe.machine.time_limit import PATIENCE_S
from probe.machine.variables import CONFIG_FILE
from probe.report.schema import Report
from probe.report.text import human_text

# The probe bounds itself; this is for a machine that is out of memory.
PROBE_TIMEOUT_S = 60 + PATIENCE_S


class Prober(Protocol):
    """What tells a machine's report: ``probe``, or a recording in a test."""

    def __call__(
        self, environ: Mapping[str, str], backend: str | None = None, config: Path | None = None
    ) -> Report:
        """See ``probe``."""


def probe(
    environ: Mapping[str, str], backend: str | None = None, config: Path | None = None
) -> Report:
    """The probe's report on this machine (docs/architecture.md has its shape).

    ``environ`` is what the probe reads its overrides from. ``backend`` overrides the choice, and so
    does the bot's configuration in ``config``; what can't work here is an ImagesError with the
    reason.
    """
    command = [sys.executable, "-m", "probe", "--json"]
    if backend is not None:
        command += ["--backend", backend]
    said: list[str] = []
    with subprocess.Popen(
        command,
        env={**environ, **({CONFIG_FILE: str(config)} if config else {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        hears = threading.Thread(target=_hear, args=(child.stderr, said), daemon=True)
        hears.start()
        late = threading.Event()

        def end() -> None:
            late.set()
            child.kill()

        timer = threading.Timer(PROBE_TIMEOUT_S, end)
        timer.start()
        try:
            printed = child.stdout.read() if child.stdout else ""
            child.wait()
        except BaseException:  # whoever ends this command ends the probe as well
            child.kill()
            raise
        finally:
            timer.cancel()
        hears.join()
    if late.is_set():
        raise ImagesError(
            f"the probe did not end within {PROBE_TIMEOUT_S:g} s; see what it waits for: "
            f"alternator probe; or go without it: name a variant (make images VARIANT=cpu)"
        )
    if child.returncode != 0:
        reason = "".join(said).strip().removeprefix(PROBE_PREFIX)
        if reason and backend is not None:
            reason += f" (asked for by --variant {backend})"
        raise ImagesError(reason or f"the probe failed ({child.returncode})")
    return read_report(printed)


def _hear(stderr: IO[str] | None, said: list[str]) -> None:
    """Show at once what the probe says while it waits; keep the rest, the reason of a failure."""
    for line in stderr or ():
        if line.startswith(WAITING_PREFIX):
            print(line, end="", file=sys.stderr, flush=True)
        else:
            said.append(line)


def read_report(text: str) -> Report:
    """The whole report in what the probe printed; ImagesError for anything else."""
    try:
        return typed(Report, json.loads(text), "it")
    except (ValueError, RecursionError) as error:
        raise ImagesError(f"the probe printed no report that is known here: {error}") from error


def variant(catalog: Catalog, report: Report) -> Variant:
    """The variant that suits the machine of ``report``, with the torch build chosen for it."""
    selection = report["selection"]
    return with_build(
        catalog.variant(selection["image"]), wheel=selection["wheel"], torch=selection["torch"]
    )


def summary(report: Report) -> list[str]:
    """A few lines for a person: what is here, what was chosen and why."""
    return human_text(report).splitlines()
