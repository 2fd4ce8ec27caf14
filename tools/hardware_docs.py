"""Writes what docs/hardware.md, docs/hardware/reports.md and README.md say of hardware.

``python -m tools.hardware_docs``.
The tables of builds come from probe/tables/builds.toml, the matrix from the machines in
tests/machines, the counts from those and from tests/corpus; the prose between them is written by
hand. ``--check`` fails if a file is not current.
"""

import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from probe.exit_codes import ExitCode
from probe.recordings.matrix import Row, load_matrix, matrix_text
from probe.recordings.recording import Evidence
from probe.tables.builds import Build, CudaCode, Table, load_table
from probe.tables.generated import BUILDS
from probe.tables.models import load_models
from tools.hardware_reports import reports_text
from tools.visibility_docs import visibility_text
from tools.write_or_check import write_or_check

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "tests" / "corpus" / "INDEX.tsv"
# What each kind of evidence is, after its number.
EVIDENCE: dict[Evidence, str] = {
    "recorded": "recorded: by the probe itself, on the hardware",
    "quoted": "quoted: put together from outputs that others published",
    "written": "written: by hand, from public knowledge of such machines, not on them",
}


def documents() -> dict[Path, str]:
    """The files as they should be."""
    table, rows = load_table(), load_matrix()
    evidence = evidence_text(rows, CORPUS.read_text("utf-8"))
    parts = {
        "lines": "\n" + lines_text(table),
        "builds": "\n" + builds_text(table),
        "rocm": "\n" + rocm_text(table),
        "models": "\n" + models_text(),
        "sources": "\n" + sources_text(),
        "evidence": "\n" + textwrap.fill(f"{evidence[0].upper()}{evidence[1:]}.", 105) + "\n",
        # What others reported has a page of its own.
        "matrix": "\n" + matrix_text([row for row in rows if row.recording.evidence != "quoted"]),
        "visibility": "\n" + visibility_text(),
    }
    reports = ROOT / "docs" / "hardware" / "reports.md"
    return {
        ROOT / "docs" / "hardware.md": fill(ROOT / "docs" / "hardware.md", parts),
        reports: fill(reports, {"reports": "\n" + reports_text(rows)}),
        ROOT / "README.md": fill(ROOT / "README.md", {"evidence": evidence}),
    }


def fill(file: Path, parts: Mapping[str, str]) -> str:
    """A document with each part between its marks. ``SystemExit`` names a part without marks."""
    document = file.read_text(encoding="utf-8")
    for name, text in parts.items():
        before, opened, rest = document.partition(f"<!-- {name} -->")
        _, closed, after = rest.partition(f"<!-- /{name} -->")
        if not (opened and closed):
            raise SystemExit(f"{file.name}: no place for {name}")
        document = before + opened + text + closed + after
    return document


def evidence_text(rows: Sequence[Row], index: str) -> str:
    """How many machines are known from what, and how many outputs of real ones are committed.

    ``index`` is the text of the corpus' index: a head, then a line for each.
    """
    kinds = [row.recording.evidence for row in rows]
    counts = {what: kinds.count(kind) for kind, what in EVIDENCE.items()}
    machines = "; ".join(f"{n} {'is' if n == 1 else 'are'} {what}" for what, n in counts.items())
    outputs = len(index.splitlines()) - 1
    return (
        f"of the {len(rows)} machines in tests/machines, {machines}. Beside them, tests/corpus has "
        f"{outputs} outputs and sysfs trees of real machines, out of public repositories"
    )


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
    rows = [
        "| build | gfx targets that compute | code, but no kernels in rocBLAS |",
        "|---|---|---|",
    ]
    for wheel in dict.fromkeys(build.wheel for build in table.builds if build.backend == "rocm"):
        builds = [build for build in table.builds if build.wheel == wheel]
        code = frozenset().union(*(build.gfx["x86_64"] for build in builds))
        kernels = builds[0].kernels
        rows.append(f"| {wheel} | {_targets(code & kernels)} | {_targets(code - kernels) or '–'} |")
    return "\n".join(rows) + "\n"


def _targets(targets: frozenset[str]) -> str:
    return ", ".join(sorted(targets, key=lambda gfx: (len(gfx), gfx)))


def models_text() -> str:
    """The memory of Whisper's models."""
    rows = ["| model | memory, about |", "|---|---|"]
    rows += [f"| {model.name} | {model.memory_mib / 1024:.1f} GiB |" for model in load_models()]
    return "\n".join(rows) + "\n"


def sources_text() -> str:
    """Where the cells of the table come from, and what was not read."""
    groups = [*BUILDS["line"], *BUILDS["code"], *BUILDS["gfx"], *BUILDS["kernels"]]
    groups += [*BUILDS["hsa_override"], *BUILDS["cuda"].values(), BUILDS["tegra"]]
    seen = dict.fromkeys((group["source"], group["read"]) for group in groups)
    return "".join(
        f"- {source}" + (" (**not read**)\n" if read == "not read" else f" (read {read})\n")
        for source, read in seen
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Write the documents, or with --check tell whether they are current."""
    current = write_or_check(documents(), "python -m tools.hardware_docs", argv, root=ROOT)
    return 0 if current else ExitCode.STALE


if __name__ == "__main__":
    sys.exit(main())
