"""Writes docs/benchmarks.md and its picture: ``python -m bench.whisper.report [--check]``.

The figures are those that ``python -m bench.whisper --json`` left in bench/whisper/results; what
was never measured is said to be open. ``--check`` fails if the files are not current.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.whisper.figures import Device, Figure, Target, load, load_targets
from bench.whisper.picture import Bar, render
from tools.write_or_check import CHECKOUT, write_or_check

RESULTS = Path(__file__).with_name("results")
DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"
PICTURE = CHECKOUT / "docs" / "benchmarks.svg"
PAGE = Path(__file__).with_name("page.md")
REMEDY = "run python -m bench.whisper.report"


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check both files."""
    devices: dict[Device, tuple[dict[str, str], dict[str, Figure]]] = {}
    for device, name in (("cpu", "cpu"), ("cuda", "gpu")):
        file = RESULTS / f"{name}.json"
        devices[device] = load(file) if file.exists() else ({}, {})  # type: ignore[index]
    figures = {name: one for _, found in devices.values() for name, one in found.items()}
    machines = {device: machine for device, (machine, _) in devices.items()}
    documents = {DOCUMENT: document(machines, figures), PICTURE: render(bars(figures))}
    return 0 if write_or_check(documents, REMEDY, argv) else 1


def document(machines: Mapping[Device, Mapping[str, str]], figures: Mapping[str, Figure]) -> str:
    """The whole page."""
    blocks = {}
    for device, name in (("cpu", "cpu"), ("cuda", "gpu")):
        lines = [machine_line(machines[device]), ""]  # type: ignore[index]
        lines += table([one for one in load_targets() if one.device == device], figures)
        lines += ["", *details(figures, gpu=device == "cuda")]
        blocks[name] = "\n".join(lines).rstrip()
    return PAGE.read_text(encoding="utf-8").format(**blocks)


def machine_line(machine: Mapping[str, str]) -> str:
    """On what it was measured, as a sentence."""
    if not machine:
        return "Not measured yet."
    name = machine.get("gpu") or f"{machine['processor']}, {machine['cores']} cores"
    versions = ", ".join(f"{key} {machine[key]}" for key in ("torch", "openai-whisper"))
    return f"{machine['date']}: {name}, {machine['threads']} threads; {versions}."


def table(targets: Sequence[Target], figures: Mapping[str, Figure]) -> Iterator[str]:
    """What is wanted beside what was measured."""
    yield "| work | wanted | measured | |"
    yield "| --- | --- | --- | --- |"
    for target in targets:
        figure = figures.get(target.name)
        value = figure.value if figure else None
        side = "at least" if target.least is not None else "at most"
        measured = "–" if value is None else f"{number(value)} {target.unit}"
        wanted = f"{side} {target.bound:g} {target.unit}"
        yield f"| {target.says} | {wanted} | {measured} | {target.state(value)} |"


def details(figures: Mapping[str, Figure], *, gpu: bool) -> Iterator[str]:
    """What led to each figure, and figures of which nothing is wanted."""
    chosen = [one for one in figures.values() if one.name.startswith("gpu.") == gpu]
    if chosen:
        yield "What led to them:\n"
    for figure in chosen:
        parts = [f"{name} {number(value)}" for name, value in figure.parts.items()]
        value = "open" if figure.value is None else number(figure.value)
        why = [figure.why] if figure.why else []
        yield f"- `{figure.name}` {value}" + (": " if parts or why else "") + ", ".join(parts + why)


def number(value: float) -> str:
    """Three digits that count."""
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def bars(figures: Mapping[str, Figure]) -> list[Bar]:
    """The speeds, as shares of what is wanted."""
    found = []
    for target in load_targets():
        if not target.against:
            continue
        figure = figures.get(target.name)
        value = figure.value if figure else None
        found.append(
            Bar(
                says=target.against,
                share=None if value is None else value / target.bound,
                measured="open" if value is None else f"{number(value)} {target.unit}",
                wanted=f"{target.bound:g}",
                held=target.state(value) == "held",
            )
        )
    return found


if __name__ == "__main__":
    sys.exit(main())
