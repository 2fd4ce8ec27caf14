"""Figures, what is wanted of them, and how both are shown."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from bench.whisper.__main__ import line_of
from bench.whisper.figures import (
    Figure,
    Setup,
    Target,
    faster_by,
    load,
    load_targets,
    save,
    spread,
)
from bench.whisper.picture import Bar, render
from bench.whisper.report import bars, document, number

AT_LEAST = Target(name="speed.x", section="speed", device="cpu", says="fast", unit="×", least=2.0)
AT_MOST = Target(
    name="memory.x", section="speed", device="cpu", says="small", unit="of it", most=1.0
)


@pytest.mark.parametrize(
    ("target", "value", "state"),
    [
        (AT_LEAST, 2.0, "held"),
        (AT_LEAST, 1.99, "missed"),
        (AT_LEAST, None, "open"),
        (AT_MOST, 1.0, "held"),
        (AT_MOST, 1.01, "missed"),
        (AT_MOST, None, "open"),
    ],
)
def test_a_figure_is_held_missed_or_open(target: Target, value: float | None, state: str) -> None:
    assert target.state(value) == state


def test_every_target_has_one_name_one_bound_and_a_section() -> None:
    targets = load_targets()
    assert len({target.name for target in targets}) == len(targets)
    for target in targets:
        assert (target.least is None) != (target.most is None)
        assert target.section in ("speed", "clips", "start", "words", "invented", "gpu")


def test_the_least_time_of_each_is_compared() -> None:
    times = {"ours": [2.0, 1.0, 4.0], "theirs": [3.0, 5.0], "gone": []}
    assert faster_by(times, "ours", "theirs") == 3.0
    assert faster_by(times, "ours", "gone") is None
    assert faster_by(times, "nobody", "theirs") is None
    parts = {"ours s": 1.0, "ours, median s": 2.0, "theirs s": 3.0, "theirs, median s": 4.0}
    assert spread(times) == parts


def test_a_later_run_replaces_its_own_figures_and_keeps_the_others(tmp_path: Path) -> None:
    file, setup = tmp_path / "results" / "cpu.json", Setup(folder=tmp_path)
    save(file, setup, [Figure(name="a", value=1.0), Figure(name="b", why="no package")])
    save(file, setup, [Figure(name="b", value=2.0, parts={"ours s": 0.5})])
    machine, figures = load(file)
    assert machine["cores"].isdigit()
    assert figures["a"] == Figure(name="a", value=1.0)
    assert figures["b"] == Figure(name="b", value=2.0, parts={"ours s": 0.5})


def test_a_line_says_what_is_wanted() -> None:
    assert line_of(Figure(name="speed.x", value=2.5), AT_LEAST) == (
        "speed.x                                 2.50  at least 2 ×: held"
    )
    assert line_of(Figure(name="y", why="no peer"), None) == (
        "y                                       open    (no peer)"
    )


def test_the_page_shows_what_was_measured_and_what_is_open() -> None:
    figures = {
        "speed.tiny.float32.faster": Figure(
            name="speed.tiny.float32.faster", value=1.25, parts={"alternator float32 s": 4.0}
        ),
        "start.cpu": Figure(name="start.cpu", value=1.2),
        "invented.silence": Figure(name="invented.silence", value=0.0),
    }
    machine = {
        "processor": "Processor X",
        "cores": "2",
        "threads": "2",
        "date": "2026-11-28",
        "torch": "2.13.0",
        "openai-whisper": "20250625",
    }
    page = document({"cpu": machine, "cuda": {}}, figures)
    assert "2026-11-28: Processor X, 2 cores, 2 threads; torch 2.13.0" in page
    assert "| at least 1 × | 1.25 × | held |" in page
    assert "| at most 1.1 of it | 1.2 of it | missed |" in page
    assert "| words invented in a minute of silence | at most 0 words | 0 words | held |" in page
    assert "- `speed.tiny.float32.faster` 1.25: alternator float32 s 4" in page
    assert "## On a GPU\n\nNot measured yet." in page
    assert "| at least 2000 × real time | – | open |" in page


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (2.0, "2"), (1.2345, "1.23"), (0.04567, "0.0457"), (4578.4, "4,578")],
)
def test_three_digits_count(value: float, text: str) -> None:
    assert number(value) == text


def test_the_picture_has_a_bar_for_each_speed_and_cuts_long_ones() -> None:
    figures = {
        "gpu.turbo.long": Figure(name="gpu.turbo.long", value=9000.0),
        "gpu.turbo.one": Figure(name="gpu.turbo.one", value=200.0),
    }
    chosen = {bar.says: bar for bar in bars(figures)}
    assert chosen["GPU, turbo: real time"].share == 4.5
    assert chosen["GPU, turbo, batch 1: real time"] == Bar(
        says="GPU, turbo, batch 1: real time",
        share=0.5,
        measured="200 × real time",
        wanted="400",
        held=False,
    )
    assert chosen["20 clips: one after the other"].share is None
    picture = ElementTree.fromstring(
        render([chosen[n] for n in ("GPU, turbo: real time", "GPU, turbo, batch 1: real time")])
    )
    widths = [
        float(box.attrib["width"])
        for box in picture.iter("{http://www.w3.org/2000/svg}rect")
        if box.attrib.get("fill", "").startswith("#") and "y" in box.attrib
    ]
    assert widths == [420.0, 70.0]
