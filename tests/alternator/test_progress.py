import pytest

from alternator.progress import SILENT


def test_where_nobody_waits_nothing_is_told(capsys: pytest.CaptureFixture[str]):
    SILENT.beat()
    SILENT.line("some text")
    SILENT.advanced(1.0, 2.0)
    assert capsys.readouterr() == ("", "")


def test_a_pause_is_slept_and_one_that_is_over_is_none(monkeypatch: pytest.MonkeyPatch):
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    SILENT.pause(2.5)
    SILENT.pause(-1.0)
    assert slept == [2.5, 0.0]
