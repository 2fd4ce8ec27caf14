import io
import sys

import pytest

from alternator.terminal import iso, moment, say


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
