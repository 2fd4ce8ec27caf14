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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from images.console import StatusLine
from images.errors import WheelhouseError
from probe.universal.pip_output import errors_in, hash_mismatch, lines_in

TIMEOUT_S = 3 * 3600  # the CUDA build is 3 GB; a slow line is no error
QUICK = ("--timeout", "15", "--retries", "1")  # for an index that may be out of reach
# What a site sets to reach an index. Folders and further indexes are no truth about a hash.
TRANSPORT = ("index-url", "cert", "client-cert", "proxy", "trusted-host", "keyring-provider")


@dataclass(frozen=True, kw_only=True)
class Found:
    """One package as pip would install it: where its file is, and its hash if the index has one.

    ``requires`` is what its metadata says, extras and conditions included.
    """

    name: str
    version: str
    url: str
    sha256: str | None
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Pip:
    """This interpreter's pip, in an environment, fetching for one machine architecture.

    ``status`` is redrawn while pip works.
    """

    environ: Mapping[str, str]
    status: StatusLine
    machine: str

    def run(self, arguments: Sequence[str], *, log: Path) -> None:
        """Run pip to its end; WheelhouseError with its last words, which ``log`` has in full."""
        foreign = self.machine != platform.machine()
        module = ["images.packages.foreign_pip", self.machine] if foreign else ["pip"]
        command = [sys.executable, "-m", *module, *arguments]
        variables = {**self.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        deadline = time.monotonic() + TIMEOUT_S
        with log.open("wb") as stream:
            process = subprocess.Popen(command, stdout=stream, stderr=stream, env=variables)
            try:
                while process.poll() is None:
                    if time.monotonic() > deadline:
                        raise WheelhouseError(f"pip did not end within {TIMEOUT_S // 3600} h")
                    self.status.update(self.status.text)
                    time.sleep(0.2)
            finally:
                if process.poll() is None:
                    process.kill()
        if process.returncode != 0:
            raise WheelhouseError("pip could not fetch it: " + last_words(log))

    def report(self, arguments: Sequence[str]) -> list[Found]:
        """What ``pip install`` would install; WheelhouseError where it could not."""
        with tempfile.TemporaryDirectory(prefix="alternator-pip-") as folder:
            target = Path(folder, "report.json")
            options = ["--dry-run", "--ignore-installed", "--quiet", "--report", str(target)]
            self.run(["install", *options, *arguments], log=Path(folder, "pip.log"))
            return read_report(target.read_text("utf-8"))

    def index_only(self) -> "Pip":
        """The same pip where it sees one index only: the site's own, or its default.

        A hash read through it is the index's, never that of a file in some folder of this machine.
        """
        kept = {name: value for name, value in self.environ.items() if not name.startswith("PIP_")}
        for name, value in self._configuration().items():
            if name in TRANSPORT:
                kept["PIP_" + name.upper().replace("-", "_")] = value
        return replace(self, environ={**kept, "PIP_CONFIG_FILE": os.devnull})

    def _configuration(self) -> dict[str, str]:
        """pip's settings by name, from its files and variables, the later ones over the earlier."""
        result = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"],
            env=dict(self.environ),
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


def read_report(text: str) -> list[Found]:
    """The packages of an installation report; WheelhouseError for a report of another shape.

    https://github.com/pypa/pip/blob/main/docs/html/reference/installation-report.md
    """
    try:
        return [_found(item) for item in json.loads(text)["install"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WheelhouseError(f"pip's report is of an unknown shape ({error!r})") from error


def _found(item: Mapping[str, Any]) -> Found:
    metadata, download = item["metadata"], item["download_info"]
    return Found(
        name=str(metadata["name"]),
        version=str(metadata["version"]),
        url=str(download["url"]),
        sha256=download.get("archive_info", {}).get("hashes", {}).get("sha256"),
        requires=tuple(str(text) for text in metadata.get("requires_dist", ())),
    )


def last_words(log: Path) -> str:
    """pip's last errors in one line."""
    output = log.read_text("utf-8", "replace")
    lines = lines_in(output)
    errors = errors_in(lines)
    if hash_mismatch(output) is not None:
        return " ".join(lines[-4:])  # with the file's name
    return " ".join((errors or lines[-3:])[-2:])
