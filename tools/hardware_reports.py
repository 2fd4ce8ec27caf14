"""The table of docs/hardware/reports.md: what people reported, and what the probe answers there.

A machine of tests/machines that was put together from a public report is one of its rows. Written
by ``python -m tools.hardware_docs``, with everything else that is said of hardware.
"""

import re
from collections.abc import Sequence

from probe.decide.choose import choose
from probe.detect.collect import collect
from probe.recordings.matrix import Row
from probe.recordings.replay import ReplayMachine
from probe.tables.builds import load_table

# The heading that a row stands under, by the maker of the first GPU that is seen.
HEADINGS = {"nvidia": "NVIDIA", "amd": "AMD", "": "No GPU to be seen"}
HEAD = ("machine", "answer", "report")
ISSUE = re.compile(r"https://github\.com/([\w.-]+/[\w.-]+)/(?:issues|pull|discussions)/(\d+)")


def reports_text(rows: Sequence[Row]) -> str:
    """One table for each maker, in Markdown, by the machine's first word; the others left out."""
    quoted = [row for row in rows if row.recording.evidence == "quoted"]
    quoted.sort(key=lambda row: row.recording.about.casefold())
    parts = []
    for maker, heading in HEADINGS.items():
        lines = [_line(row) for row in quoted if _maker(row) == maker]
        if lines:
            parts.append(f"## {heading}\n\n| {' | '.join(HEAD)} |\n|{'---|' * len(HEAD)}\n")
            parts.append("".join(lines) + "\n")
    return "".join(parts)


def _maker(row: Row) -> str:
    gpus = row.report["gpus"]
    return gpus[0]["vendor"] if gpus and gpus[0]["vendor"] in HEADINGS else ""


def _line(row: Row) -> str:
    source = row.recording.source
    issue = ISSUE.match(source)
    label = f"{issue[1]}#{issue[2]}" if issue else source.partition("://")[2].partition("/")[0]
    cells = (row.recording.about, answer(row), f"[{label}]({source})")
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


def answer(row: Row) -> str:
    """The choice; where it is the CPU, with the first thing that the probe says of it, and its
    remedy step by step."""
    chosen, gpus = row.report["selection"], row.report["gpus"]
    if chosen["backend"] != "cpu":
        cards = f", {len(chosen['visible_devices'])} of {len(gpus)}" if len(gpus) > 1 else ""
        return f"{chosen['image']} {chosen['wheel']}, torch {chosen['torch']}{cards}"
    facts = collect(machine=ReplayMachine(row.recording))
    advice = choose(facts, load_table()).advice
    if not advice:
        return "CPU"
    first = advice[0].finding
    steps = "".join(f"<br>– {step}" for step in first.remedy(facts.host.place))
    return f"CPU: {first}{steps}"
