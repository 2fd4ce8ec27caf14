import io
import sys

import pytest

from alternator.terminal import TerminalProgress, iso, moment, say


def test_what_a_terminal_would_obey_is_not_shown(capsys: pytest.CaptureFixture[str]):
    say("Two\nlines, \x1b[31mred\x1b[0m and \u202ebackwards")
    assert capsys.readouterr().out == "Two\nlines, \ufffd[31mred\ufffd[0m and \ufffdbackwards\n"


def test_what_a_terminal_can_not_show_is_no_error(monkeypatch: pytest.MonkeyPatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    say("Käse 🧀")
    sys.stdout.flush()
    assert raw.getvalue() == b"K?se ?\n"


def test_times_are_utc():
    assert moment(0) == "1970-01-01 00:00 UTC"
    assert iso(0.5) == "1970-01-01T00:00:00.500000+00:00"
    assert iso(None) is None


def test_how_far_work_is_shows_on_a_terminal_alone():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    for stream, expected in ((Terminal(), f"\r[{'#' * 15:<30}]  50%\r\x1b[K"), (io.StringIO(), "")):
        progress = TerminalProgress(stream)
        progress.advanced(1, 2)
        progress.advanced(1, 2)
        progress.advanced(0, 0)
        progress.end()
        progress.end()
        assert stream.getvalue() == expected
