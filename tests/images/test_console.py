"""What is printed on a terminal, and what elsewhere."""

import io

import pytest

from images.console import Console


def test_a_terminal_line_is_redrawn_and_removed(capsys: pytest.CaptureFixture[str]) -> None:
    with Console(terminal=True).status() as status:
        status.update("installing")
    assert capsys.readouterr().out == "\r\x1b[2K  installing  0 s\r\x1b[2K"


def test_elsewhere_each_step_is_said_once() -> None:
    stream = io.StringIO()
    with Console(stream).status() as status:
        for text in ("fetching", "fetching", "linking", "fetching"):
            status.update(text)
        status.done("all is there")
    assert stream.getvalue() == "  fetching ...\n  linking ...\n  all is there\n"
