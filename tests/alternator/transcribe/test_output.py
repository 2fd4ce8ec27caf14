"""Where the transcripts go."""

from pathlib import Path

import pytest

from alternator.errors import ConfigError, OutputError
from alternator.speech.formats import Layout
from alternator.speech.transcript import Segment, Transcript
from alternator.transcribe.output import Output, output_stems, write

TRANSCRIPT = Transcript(
    text="Hello.",
    language="en",
    duration=1.0,
    segments=(Segment(start=0.0, end=1.0, text=" Hello."),),
)


def test_results_that_cannot_be_told_apart() -> None:
    files = (Path("a/x.mp3"), Path("b/x.mp3"))
    with pytest.raises(ConfigError, match=r"2 files are called 'x\.mp3'"):
        output_stems(files)
    assert output_stems((Path("x.mp3"), Path("x.mp3"))) == {Path("x.mp3"): "x"}


def test_a_file_for_each_format(tmp_path: Path) -> None:
    write(TRANSCRIPT, "x", Output(directory=tmp_path, formats=("txt", "srt"), layout=Layout()))
    assert (tmp_path / "x.txt").read_text() == "Hello.\n"
    assert (tmp_path / "x.srt").read_text() == "1\n00:00:00,000 --> 00:00:01,000\nHello.\n\n"


def test_no_directory_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ("txt", "json"):
        write(TRANSCRIPT, "x", Output(directory=None, formats=(form,), layout=Layout()))
    text, json = capsys.readouterr().out.splitlines()
    assert text == "Hello." and json.startswith('{"text": " Hello."')


def test_no_place_for_a_result_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    with pytest.raises(OutputError, match=r"x\.txt can't be written: Is a directory; choose"):
        write(TRANSCRIPT, "x", Output(directory=tmp_path, formats=("txt",), layout=Layout()))
