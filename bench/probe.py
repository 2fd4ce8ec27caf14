"""How long the probe takes: its start, all tools at once beside the slowest, and nvidia-smi.

    python bench/probe.py [--runs N]

Start: `python -m probe --json` and `alternator probe --json` where no tool is installed, the
interpreter's own start included, in milliseconds of the clock and of the processor (a busy machine
shows more in the first). Tools: stand-ins that answer after 100 to 400 ms; what the probe takes
beyond the slowest of them is a row of its own. Where an NVIDIA GPU is: the ratio to `nvidia-smi`.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
PROBE = (sys.executable, "-m", "probe", "--json")
DELAYS = {"nvidia-smi": 0.4, "rocm-smi": 0.3, "amd-smi": 0.2, "rocminfo": 0.1}  # seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    runs = parser.parse_args().runs
    load = os.getloadavg()[0]
    print(f"{runs} runs each, load {load:.1f} on {os.cpu_count()} processors; milliseconds")
    print(f"{'':<44}{'least':>8}{'median':>8}{'cpu least':>11}{'cpu median':>12}")
    probes = {"python -m probe": PROBE}
    alternator = Path(sys.executable).with_name("alternator")
    if alternator.exists():
        command = (sys.executable, str(alternator), "probe", "--json")
        probes["alternator probe"] = command
    with tempfile.TemporaryDirectory() as directory:
        empty = {"PATH": directory}
        row("python -c pass", measure((sys.executable, "-c", "pass"), empty, runs))
        for name, command in probes.items():
            row(f"{name}, no tool installed", measure(command, empty, runs))
        row(
            "alternator --help",
            measure((sys.executable, "-m", "alternator", "--help"), empty, runs),
        )
        for tool, delay in DELAYS.items():
            path = Path(directory, tool)
            path.write_text(f"#!/bin/sh\nexec /bin/sleep {delay}\n")
            path.chmod(0o755)
        slowest = Path(directory, max(DELAYS, key=lambda tool: DELAYS[tool]))
        alone = measure((str(slowest),), empty, runs)
        row(f"the slowest tool alone ({slowest.name})", alone)
        for name, command in probes.items():
            together = measure(command, empty, runs)
            row(f"{name}, all tools at once", together)
            over = statistics.median(wall for wall, _ in alone)
            row("  over the slowest tool", [(wall - over, cpu) for wall, cpu in together])
    compare_with_nvidia_smi(runs)
    return 0


def compare_with_nvidia_smi(runs: int) -> None:
    """The ratio to the tool itself, where it is installed and answers."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        print("nvidia-smi is not installed here: no ratio to it")
        return
    query = (tool, "--query-gpu=index,uuid,name,driver_version,memory.total", "--format=csv")
    if subprocess.run(query, capture_output=True, check=False).returncode != 0:
        print("nvidia-smi does not answer here: no ratio to it")
        return
    alone = measure(query, os.environ, runs)
    probe = measure(PROBE, os.environ, runs)
    row("nvidia-smi --query-gpu", alone)
    row("probe, on this machine", probe)
    ratio = statistics.median(wall for wall, _ in probe) / statistics.median(
        wall for wall, _ in alone
    )
    print(f"ratio of the medians: {ratio:.2f}")


def measure(
    command: Sequence[str], environ: Mapping[str, str], runs: int
) -> list[tuple[float, float]]:
    """Milliseconds of clock and of processor for each run, after one that is not counted."""
    taken = []
    for _ in range(runs + 1):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        started = time.perf_counter()
        subprocess.run(
            command, env={**environ}, cwd=CHECKOUT, stdout=subprocess.DEVNULL, check=False
        )
        wall = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        taken.append((wall * 1000, cpu * 1000))
    return taken[1:]


def row(name: str, taken: Sequence[tuple[float, float]]) -> None:
    """One line of the table."""
    walls, cpus = zip(*taken, strict=True)
    print(
        f"{name:<44}{min(walls):>8.0f}{statistics.median(walls):>8.0f}"
        f"{min(cpus):>11.0f}{statistics.median(cpus):>12.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
