"""The line on a terminal that says how far work is, and the log's lines above it."""

import io
import logging
from types import SimpleNamespace

import pytest

from alternator.log import AboveProgress
from alternator.progress_line import CLEAR, ProgressLine


class Terminal(io.StringIO):
    """Standard error that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    found = Terminal()
    # Not sys.stderr itself, which pytest sets anew for each phase of a test.
    monkeypatch.setattr("alternator.progress_line.sys", SimpleNamespace(stderr=found))
    return found


def test_the_line_is_written_over_and_taken_away(terminal: Terminal):
    line = ProgressLine()
    line.bar(0, 2, "posts")
    line.bar(1, 2, "posts")
    line.bar(1, 2, "posts")
    line.end()
    line.end()
    empty, half = "-" * 30, "#" * 15 + "-" * 15
    assert terminal.getvalue() == (
        f"{CLEAR}[{empty}] 0 of 2 posts{CLEAR}[{half}] 1 of 2 posts{CLEAR}"
    )


def test_nothing_to_do_is_all_done(terminal: Terminal):
    ProgressLine().bar(0, 0, "posts")
    assert "#" * 30 in terminal.getvalue()


def test_a_log_line_stands_above_it(terminal: Terminal, monkeypatch: pytest.MonkeyPatch):
    line = ProgressLine()
    monkeypatch.setattr("alternator.log.LINE", line)
    handler = AboveProgress(terminal)
    record = logging.LogRecord("alternator", logging.INFO, "", 0, "described", (), None)
    handler.emit(record)
    assert terminal.getvalue() == "described\n"
    line.show("half")
    handler.emit(record)
    assert terminal.getvalue() == f"described\n{CLEAR}half{CLEAR}described\nhalf"


def test_a_file_gets_nothing(monkeypatch: pytest.MonkeyPatch):
    file = io.StringIO()
    monkeypatch.setattr("alternator.progress_line.sys", SimpleNamespace(stderr=file))
    line = ProgressLine()
    line.bar(1, 2, "posts")
    line.end()
    assert file.getvalue() == ""
