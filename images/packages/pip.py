"""Runs this interpreter's pip: downloads and, for locks, reports of what it would install.

The host's pip knows the site's index, find-links, certificates and proxies; a build knows none of
them, so whatever asks an index runs here.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from images.console import StatusLine
from images.errors import WheelhouseError

TIMEOUT_S = 3 * 3600  # the CUDA build is 3 GB; a slow line is no error
QUICK = ("--timeout", "15", "--retries", "1")  # for an index that may be out of reach
# What a site sets to reach an index. Folders and further indexes are no truth about a hash.
TRANSPORT = ("index-url", "cert", "client-cert", "proxy", "trusted-host", "keyring-provider")


def run(
    arguments: Sequence[str],
    status: StatusLine,
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    machine: str | None = None,
) -> None:
    """Run pip, redrawing the status line while it works; WheelhouseError with its last words.

    ``machine`` is the architecture to fetch for, this machine's if it is None.
    """
    foreign = machine is not None and machine != platform.machine()
    module = ["images.packages.foreign_pip", str(machine)] if foreign else ["pip"]
    command = [sys.executable, "-m", *module, *arguments]
    variables = {**(environment or os.environ), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    deadline = time.monotonic() + TIMEOUT_S
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stdout=stream, stderr=stream, env=variables)
        try:
            while process.poll() is None:
                if time.monotonic() > deadline:
                    raise WheelhouseError(f"pip did not end within {TIMEOUT_S // 3600} h")
                status.update(status.text)
                time.sleep(0.2)
        finally:
            if process.poll() is None:
                process.kill()
    if process.returncode != 0:
        raise WheelhouseError("pip could not fetch it: " + last_words(log))


def report(
    arguments: Sequence[str],
    status: StatusLine,
    *,
    environment: Mapping[str, str] | None = None,
    machine: str | None = None,
) -> list[dict[str, Any]]:
    """What ``pip install`` would install, each as an item of pip's installation report."""
    with tempfile.TemporaryDirectory(prefix="alternator-pip-") as folder:
        target = Path(folder, "report.json")
        options = ["--dry-run", "--ignore-installed", "--quiet", "--report", str(target)]
        log = Path(folder, "pip.log")
        command = ["install", *options, *arguments]
        run(command, status, log=log, environment=environment, machine=machine)
        items: list[dict[str, Any]] = json.loads(target.read_text("utf-8"))["install"]
    return items


def index_environment() -> dict[str, str]:
    """An environment in which pip sees one index only: the site's own, or pip's default.

    A hash read through it is the index's, never that of a file in some folder of this machine.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    for name, value in _configuration().items():
        if name in TRANSPORT:
            kept["PIP_" + name.upper().replace("-", "_")] = value
    return {**kept, "PIP_CONFIG_FILE": os.devnull}


def last_words(log: Path) -> str:
    """pip's last errors in one line."""
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    if any("DO NOT MATCH THE HASHES" in line for line in errors):
        # The file is named in the lines that follow, and only there.
        return " ".join(line.strip() for line in lines[-4:])
    return " ".join((errors or lines[-3:])[-2:])


def _configuration() -> dict[str, str]:
    """pip's settings by name, from its files and variables, the later ones over the earlier."""
    result = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    settings = {}
    for line in result.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in ("global", "install", ":env:"):
            settings[key] = value.strip("'\"")
    return settings
