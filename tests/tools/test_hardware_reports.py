"""The table of public reports: each with its machine, the answer and the report's address."""

from probe.facts import Node
from probe.machine.outcome import Outcome
from probe.machine.this_machine import Platform
from probe.recordings.matrix import Row, load_matrix, replay
from probe.recordings.recording import RecordedCommand, Recording
from probe.tables.builds import load_table
from tools.hardware_reports import answer, reports_text

ISSUE = "https://github.com/owner/name/issues/7"
ROWS = (
    "index, uuid, name, driver_version, compute_cap\n"
    "0, GPU-a, NVIDIA L4, 580.95.05, 8.9\n"
    "1, GPU-b, NVIDIA L4, 580.95.05, 8.9\n"
)


def row(recording: Recording) -> Row:
    return Row(name="x", recording=recording, report=replay(recording, load_table()))


def reported(source: str, *answers: Outcome) -> Row:
    return row(
        Recording(
            platform=Platform(system="linux", arch="x86_64"),
            commands=[RecordedCommand(("nvidia-smi", "--query-gpu"), answer) for answer in answers],
            nodes={"/dev/nvidiactl": Node(path="x", group=0, open_to_all=True, usable=True)},
            about="a | b",
            evidence="quoted",
            source=source,
        )
    )


def test_a_row_has_the_machine_the_answer_and_the_report() -> None:
    seen = reported(ISSUE, Outcome(exit=0, ms=1, text=ROWS))
    assert reports_text([seen]) == (
        "## NVIDIA\n\n| machine | answer | report |\n|---|---|---|\n"
        f"| a \\| b | cuda cu130, torch 2.13.0, 2 of 2 | [owner/name#7]({ISSUE}) |\n\n"
    )


def test_a_report_elsewhere_is_named_by_its_host() -> None:
    text = reports_text([reported("https://forum.example.org/t/7")])
    assert "## No GPU to be seen" in text
    assert "[forum.example.org](https://forum.example.org/t/7)" in text


def test_the_processor_comes_with_the_first_thing_that_is_said_step_by_step() -> None:
    failed = reported(ISSUE, Outcome(exit=12, ms=1, text="no library"))
    words, *steps = answer(failed).split("<br>– ")
    assert words.startswith("CPU: nvidia-smi: ")
    assert "; ".join([words.removeprefix("CPU: "), *steps]) == failed.report["advice"][0]
    assert steps
    assert answer(row(Recording(platform=Platform(system="linux", arch="x86_64")))) == "CPU"


def test_what_nobody_reported_is_left_out() -> None:
    assert reports_text([row(Recording(platform=Platform(system="linux", arch="x86_64")))]) == ""


def test_each_report_that_is_committed_is_in_the_table_once() -> None:
    rows = load_matrix()
    text = reports_text(rows)
    quoted = [row for row in rows if row.recording.evidence == "quoted"]
    assert len(quoted) >= 30
    assert sum(line.startswith("| ") for line in text.splitlines()) == len(quoted) + text.count(
        "| machine | answer | report |"
    )
