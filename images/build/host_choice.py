"""What the probe says of this machine, in the builder's terms: which variant and torch build."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from images.catalog import Catalog, Variant, with_build
from images.errors import ImagesError
from images.typed_json import typed
from probe.errors import PROBE_PREFIX
from probe.machine.variables import CONFIG_FILE
from probe.report.schema import Report
from probe.report.text import human_text

PROBE_TIMEOUT_S = 60  # the probe bounds itself; this is for a machine that is out of memory


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
    try:
        result = subprocess.run(
            command,
            env={**environ, **({CONFIG_FILE: str(config)} if config else {})},
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ImagesError(
            f"the probe did not end within {PROBE_TIMEOUT_S:g} s; see what it waits for: "
            f"alternator probe; or go without it: name a variant (make images VARIANT=cpu)"
        ) from error
    if result.returncode != 0:
        reason = result.stderr.strip().removeprefix(PROBE_PREFIX)
        raise ImagesError(reason or f"the probe failed ({result.returncode})")
    return read_report(result.stdout)


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
