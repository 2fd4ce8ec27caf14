"""What is shown, in which order."""

import pytest

from alternator.speech.transcript import Segment
from alternator.transcribe.console import Console, span, speed


def said(text: str) -> Segment:
    return Segment(start=1.0, end=2.5, text=text)


def test_the_lines_of_files_do_not_mix(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(["a", "b", "c"], lines=True, bar=False)
    console.segment(1, said(" Of b."))
    console.complain(2, "c: is no sound")
    console.ended(2, "failed")
    console.segment(0, said(" Of a."))
    assert capsys.readouterr().out == "[00:01.000 --> 00:02.500]  Of a.\n"
    console.segment(1, said(" More of b."))
    console.ended(1, "transcribed")
    assert capsys.readouterr() == ("", "")
    console.ended(0, "there")
    shown = capsys.readouterr()
    assert shown.out == (
        "[00:01.000 --> 00:02.500]  Of b.\n[00:01.000 --> 00:02.500]  More of b.\n"
    )
    assert shown.err == "alternator transcribe: c: is no sound\n"
    assert console.summary() == "1 of 3 transcribed, 1 there already, 1 failed"


def test_a_line_says_who_speaks_where_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(["a"], lines=True, bar=False)
    console.segment(0, Segment(start=1.0, end=2.5, text=" Of a.", speaker="SPEAKER_00"))
    assert capsys.readouterr().out == "[00:01.000 --> 00:02.500] [SPEAKER_00]: Of a.\n"


def test_a_request_begun_anew_shows_its_text_once(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(["a", "b"], lines=True, bar=False)
    console.segment(1, said(" Once."))
    console.begun_anew(1)
    console.segment(1, said(" Once."))
    console.ended(0, "failed")
    assert capsys.readouterr().out == "[00:01.000 --> 00:02.500]  Once.\n"


def test_what_waits_is_shown_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(["a", "b"], lines=False, bar=False)
    console.segment(0, said("not asked for"))
    console.output(1, "The text of b.")
    console.close()
    assert capsys.readouterr().out == "The text of b.\n"


def test_a_bar_with_files_and_sound(capsys: pytest.CaptureFixture[str]) -> None:
    console = Console(["a", "b"], lines=False, bar=True)
    console.advanced(0, 30.0, 60.0)
    console.ended(0, "transcribed")
    assert "1/2 files, 1 min 00 s of sound" in capsys.readouterr().err
    console.close()


def test_times_and_speeds() -> None:
    assert [span(seconds) for seconds in (8.26, 245.0, 3725.0)] == [
        "8.3 s",
        "4 min 05 s",
        "1 h 02 min",
    ]
    assert [speed(factor) for factor in (0.53, 52.7)] == ["0.5 × real time", "53 × real time"]
