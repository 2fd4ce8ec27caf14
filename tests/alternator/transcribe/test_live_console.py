"""What is shown of live speech on a terminal and elsewhere."""

import io

import pytest

from alternator.live.news import Final, Partial
from alternator.speech.transcript import Segment
from alternator.transcribe.live_console import CLEAR, LiveConsole, fitting


def final(text: str, start: float, end: float, latency: float) -> Final:
    segment = Segment(start=start, end=end, text=f" {text}")
    return Final(text=text, segments=(segment,), latency=latency)


def test_a_terminal_has_words_that_final_lines_replace() -> None:
    stream = io.StringIO()
    console = LiveConsole(stream, words=True)
    console.partial(Partial(confirmed=" Hello", tentative=" word"))
    console.final(final("Hello world.", 0.5, 1.5, 0.6))
    console.final(final("Yes.", 2.0, 2.5, 0.6))
    assert stream.getvalue() == (
        f"{CLEAR}Hello word{CLEAR}"
        "[00:00.500 --> 00:01.500]  Hello world.\n[00:02.000 --> 00:02.500]  Yes.\n"
    )


def test_elsewhere_there_are_final_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    console = LiveConsole(stream, words=False)
    console.partial(Partial(confirmed=" Hello", tentative=" word"))
    console.final(final("Hello world.", 0.5, 1.5, 0.6))
    console.complain("it died")
    assert stream.getvalue() == "[00:00.500 --> 00:01.500]  Hello world.\n"
    assert capsys.readouterr().err == "alternator transcribe: it died\n"


def test_the_summary_says_how_late_text_was() -> None:
    console = LiveConsole(io.StringIO(), words=False)
    assert console.summary(3.0) == "0 sentences in 3.0 s of sound"
    for latency in (0.5, 0.7, 2.0):
        console.final(final("Yes.", 0.0, 1.0, latency))
    assert console.summary(65) == (
        "3 sentences in 1 min 05 s of sound; their text was final 0.7 s after the last word "
        "(median), 2.0 s at most"
    )


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("abcdef", 6, "abcdef"),
        ("abcdef", 3, "def"),
        ("今日は", 4, "日は"),
        ("今日は", 5, "日は"),
        ("", 3, ""),
    ],
)
def test_the_end_of_long_text_is_shown(text: str, width: int, shown: str) -> None:
    assert fitting(text, width) == shown
