"""Installs one build with pip: every file held to its hash, a line of progress now and then.

What was fetched before an interruption is kept and held to its hash again; what was unpacked is
thrown away. Nothing here runs code of a package before all of its files were verified, and what
torch says that it requires is there.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probe.tables.builds import Build
from probe.universal import pip_output, requires, volume, wheels
from probe.universal.errors import FetchError, HashError, InstallError, SpaceError
from probe.universal.lock import Entry, requirements

LARGE = 20_000_000  # bytes; from here on a file is fetched by itself, so that it need not be again
UNPACKED = 1.5  # unpacked size over wheel size, at least: 1.9 for cu130, 3.6 for cpu (measured)
PROGRESS_S = 10.0
POLL_S = 0.1
# What start-up imports: it leaves byte-code for it and shows that the build can be imported.
IMPORTS = """
import torch
from probe.prove.whisper_import import numba_stood_in
with numba_stood_in():
    import whisper.timing
"""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One build to install: what from, where packages come from, and who hears of progress."""

    build: Build
    entries: tuple[Entry, ...]
    root: Path  # of the volume
    wheelhouse: Path
    environ: Mapping[str, str]
    say: volume.Say

    @property
    def title(self) -> str:
        """``torch 2.13.0 cu130``."""
        return f"torch {self.build.torch} {self.build.wheel}"


@dataclass(frozen=True, kw_only=True)
class PipRun:
    """What pip is asked to do, and how its progress is told."""

    arguments: Sequence[str]
    entries: Sequence[Entry]
    total: int  # bytes; 0 where that is not known
    doing: str  # fetched, unpacked


def install(job: Job, work: Path, lock: int) -> Path:
    """Install the job's build below ``work``; returns the directory for ``sys.path``.

    ``lock`` is a descriptor that every child holds. Raises InstallError: FetchError where packages
    can't be had, HashError where one is not the locked one, SpaceError where the volume is full.
    """
    for name in ("site", "tmp"):
        shutil.rmtree(work / name, ignore_errors=True)
    fetched, site = work / "wheels", work / "site"
    for folder in (fetched, work / "tmp"):
        folder.mkdir(parents=True, exist_ok=True)
    places = wheels.folders(job.wheelhouse)
    if len(wheels.find(job.entries, places)) < len(job.entries):
        _fetch(job, work, fetched, places, lock)
        places = [*places, fetched]
    found = wheels.find(job.entries, places)
    size = wheels.unpacked_size(found)
    volume.require_space(job.root, size, f"unpacking {job.title}")
    job.say(f"installing {job.title}: {len(found)} packages, {volume.megabytes(size)} unpacked")
    arguments = ["install", "--no-index", "--no-compile", "--target", str(site)]
    for place in places:
        arguments += ["--find-links", str(place)]
    unpack = PipRun(arguments=arguments, entries=job.entries, total=size, doing="unpacked")
    _pip(job, work, lock, unpack)
    problems = requires.unmet([str(site), *sys.path])
    if problems:
        raise InstallError(
            f"the lock of {job.title} is not what its torch requires ({'; '.join(problems)}): make "
            f"it again with `make lock`, then the image"
        )
    _import(job, site, lock)
    return site


def _fetch(job: Job, work: Path, fetched: Path, places: Sequence[Path], lock: int) -> None:
    """Fetch what neither the wheelhouse nor an interrupted run has."""
    here = wheels.find(job.entries, places)
    for entry, wheel in wheels.find(job.entries, [fetched]).items():
        if wheels.is_locked(entry, wheel):
            here[entry] = wheel
        else:
            wheel.unlink()
    missing = [entry for entry in job.entries if entry not in here]
    total = sum(entry.size or 0 for entry in missing)
    volume.require_space(job.root, round(total * (1 + UNPACKED)), f"installing {job.title}")
    kept = f", {len(here)} are here already" if here else ""
    job.say(f"fetching {job.title}: {len(missing)} packages, {volume.megabytes(total)}{kept}")
    large = [[entry] for entry in missing if (entry.size or LARGE) >= LARGE]
    small = [entry for entry in missing if (entry.size or LARGE) < LARGE]
    for group in [small, *large] if small else large:
        arguments = ["download", "--dest", str(fetched), "--timeout", "20", "--retries", "3"]
        if not job.build.default:
            # Hashes decide which file is taken: one more index can't change what is installed.
            arguments += ["--extra-index-url", job.build.index_url]
        size = sum(entry.size or 0 for entry in group)
        fetch = PipRun(arguments=arguments, entries=group, total=size, doing="fetched")
        _pip(job, work, lock, fetch)


def _pip(job: Job, work: Path, lock: int, run: PipRun) -> None:
    """Run pip for these entries; an InstallError says what it could not do and the remedy."""
    wanted = work / "requirements.txt"
    wanted.write_text(requirements(run.entries), "utf-8")
    command = [sys.executable, "-m", "pip", *run.arguments, "--quiet", "--no-deps"]
    command += ["--no-cache-dir", "--require-hashes", "--only-binary", ":all:"]
    command += ["--requirement", str(wanted)]
    before = _size(work)
    log = work / "pip.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Large files pass through the folder for temporary ones: not the container's memory.
            env={**job.environ, "TMPDIR": str(work / "tmp"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
            pass_fds=(lock,),
        )
        reported = time.monotonic()
        while process.poll() is None:
            if time.monotonic() - reported >= PROGRESS_S:
                reported = time.monotonic()
                done = max(0, _size(work) - before)
                of = f" of {volume.megabytes(run.total)}" if run.total else ""
                job.say(f"{job.title}: {volume.megabytes(done)}{of} {run.doing}")
            time.sleep(POLL_S)
    if process.returncode != 0:
        raise _failure(job, log.read_text("utf-8", "replace"))


def _failure(job: Job, output: str) -> InstallError:
    # pip ends with 1 for everything: what it was stands in its words alone.
    wrong = pip_output.hash_mismatch(output)
    if wrong is not None:
        package = wrong[0].partition(" from ")[0] if wrong else "a package"
        return HashError(
            f"{package} is not the file that was locked, so "
            f"nothing of {job.title} is installed: replace the file in the wheelhouse, or find out "
            f"what the package index serves"
        )
    if "No space left on device" in output or "Disk quota exceeded" in output:
        return SpaceError(
            f"{job.root} is full while {job.title} was being installed: make room there or give "
            f"the container a larger volume"
        )
    lines = pip_output.lines_in(output)
    errors = pip_output.errors_in(lines) or lines[-1:]
    why = errors[-1].removeprefix("ERROR: ") if errors else "pip said nothing"
    return FetchError(
        f"the packages of {job.title} can't be fetched ({why}): give the container a network for "
        f"its first start, or mount a folder with the wheels at {job.wheelhouse}"
    )


def _import(job: Job, site: Path, lock: int) -> None:
    """Import what start-up imports, once with byte-code: later starts are seconds faster."""
    environ = {**job.environ, "PYTHONPATH": search_path(site, job.environ)}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    result = subprocess.run(
        [sys.executable, "-c", IMPORTS],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(lock,),
        check=False,
    )
    if result.returncode != 0:
        last = result.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
        raise InstallError(f"{job.title} was installed and can't be imported: {last}")


def search_path(site: Path, environ: Mapping[str, str]) -> str:
    """``PYTHONPATH`` with a build's directory before what is in it already."""
    return os.pathsep.join([str(site), *filter(None, [environ.get("PYTHONPATH")])])


def _size(folder: Path) -> int:
    total = 0
    for directory, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(directory, name)).st_size  # noqa: PTH118  # hot
            except OSError:
                continue
    return total
