"""Writes the tables of docs/hardware.md: ``python -m tools.hardware_docs [--check]``.

The tables of builds come from probe/tables/builds.toml, the matrix from the machines in
tests/machines; the prose between them is written by hand. ``--check`` fails if the file is not
current.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from probe.recordings.matrix import load_matrix, matrix_text
from probe.tables.builds import Build, CudaCode, Table, load_table
from probe.tables.generated import BUILDS
from probe.tables.models import load_models

DOCUMENT = Path(__file__).parents[1] / "docs" / "hardware.md"


def render(document: str) -> str:
    """The document with its tables filled in."""
    table = load_table()
    parts = {
        "lines": lines_text(table),
        "builds": builds_text(table),
        "rocm": rocm_text(table),
        "models": models_text(),
        "sources": sources_text(),
        "matrix": matrix_text(load_matrix()),
    }
    for name, text in parts.items():
        before, opened, rest = document.partition(f"<!-- {name} -->\n")
        _, closed, after = rest.partition(f"<!-- /{name} -->")
        if not (opened and closed):
            raise SystemExit(f"{DOCUMENT.name}: no place for {name}")
        document = before + opened + text + closed + after
    return document


def lines_text(table: Table) -> str:
    """Which builds each line of torch has."""
    rows = ["| torch | CUDA | ROCm |", "|---|---|---|"]
    for line in table.lines():
        cuda = [_named(build) for build in table.of_line(line, "cuda")]
        rocm = [_named(build) for build in table.of_line(line, "rocm")]
        ours = " (what this project ships)" if line == table.catalog else ""
        version = table.of_line(line, "cpu")[0].torch
        rows.append(f"| {version}{ours} | {', '.join(cuda)} | {', '.join(rocm)} |")
    return "\n".join(rows) + "\n"


def _named(build: Build) -> str:
    notes = [
        *(["experimental"] if build.experimental else []),
        *(["only when asked for"] if build.retired else []),
    ]
    return f"{build.wheel} ({', '.join(notes)})" if notes else build.wheel


def builds_text(table: Table) -> str:
    """Driver floors and compute capabilities of the CUDA builds."""
    rows = [
        "| build | driver on Linux | on Windows (WSL2) | compute capabilities | ends |",
        "|---|---|---|---|---|",
    ]
    for wheel in dict.fromkeys(build.wheel for build in table.builds if build.backend == "cuda"):
        builds = [build for build in table.builds if build.wheel == wheel]
        first = builds[0]
        code: dict[str, list[str]] = {}
        for build in builds:
            for arch, capabilities in build.cuda_code.items():
                code.setdefault(f"{arch}: {_capabilities(capabilities)}", []).append(build.line)
        cells = [
            what + ("" if len(lines) == len(builds) else f" (torch {', '.join(lines)})")
            for what, lines in code.items()
        ]
        ends = f"with torch {first.last_line}" if first.last_line else ""
        rows.append(
            f"| {wheel} | {first.driver_linux} | {first.driver_windows} | {'<br>'.join(cells)} "
            f"| {ends} |"
        )
    return "\n".join(rows) + "\n"


def _capabilities(code: CudaCode) -> str:
    text = ", ".join(f"{major}.{minor}" for major, minor in code.capabilities)
    return f"{text} and newer" if code.ptx else text


def rocm_text(table: Table) -> str:
    """The gfx targets of the ROCm builds."""
    rows = ["| build | gfx targets that compute |", "|---|---|"]
    for wheel in dict.fromkeys(build.wheel for build in table.builds if build.backend == "rocm"):
        build = next(build for build in table.builds if build.wheel == wheel)
        targets = sorted(build.gfx["x86_64"] - table.no_kernels, key=lambda gfx: (len(gfx), gfx))
        rows.append(f"| {wheel} | {', '.join(targets)} |")
    return "\n".join(rows) + "\n"


def models_text() -> str:
    """The memory of Whisper's models."""
    rows = ["| model | memory, about |", "|---|---|"]
    rows += [f"| {model.name} | {model.memory_mib / 1024:.1f} GiB |" for model in load_models()]
    return "\n".join(rows) + "\n"


def sources_text() -> str:
    """Where the cells of the table come from, and what was not read."""
    groups = [*BUILDS["line"], *BUILDS["code"], *BUILDS["gfx"], *BUILDS["hsa_override"]]
    groups += [*BUILDS["cuda"].values(), BUILDS["tegra"], BUILDS["no_kernels"]]
    seen = dict.fromkeys((group["source"], group["read"]) for group in groups)
    return "".join(
        f"- {source}" + (" (**not read**)\n" if read == "not read" else f" (read {read})\n")
        for source, read in seen
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Write the document, or with --check tell whether it is current."""
    parser = argparse.ArgumentParser(prog="python -m tools.hardware_docs")
    parser.add_argument("--check", action="store_true", help="write nothing, fail if not current")
    check = parser.parse_args(argv).check
    document = DOCUMENT.read_text(encoding="utf-8")
    current = render(document)
    if not check:
        DOCUMENT.write_text(current, encoding="utf-8")
        return 0
    if current != document:
        print("docs/hardware.md is not current: python -m tools.hardware_docs", file=sys.stderr)
    return int(current != document)


if __name__ == "__main__":
    sys.exit(main())
