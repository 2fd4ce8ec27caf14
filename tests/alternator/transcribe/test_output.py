"""Where the transcripts go."""

import os
from pathlib import Path

import pytest

from alternator.errors import ConfigError, OutputError
from alternator.speech.formats import Layout
from alternator.speech.transcript import Segment, Transcript
from alternator.transcribe.inputs import Item
from alternator.transcribe.output import Output, is_there, make_directory, to_stdout, write

TRANSCRIPT = Transcript(
    text="Hello.",
    language="en",
    duration=1.0,
    segments=(Segment(start=0.0, end=1.0, text=" Hello."),),
)


def output_in(directory: Path | None, *formats: str) -> Output:
    return Output(directory=directory, formats=formats, layout=Layout())


def test_a_file_for_each_format(tmp_path: Path) -> None:
    write(TRANSCRIPT, Path("x"), output_in(tmp_path, "txt", "srt"))
    assert (tmp_path / "x.txt").read_text() == "Hello.\n"
    assert (tmp_path / "x.srt").read_text() == "1\n00:00:00,000 --> 00:00:01,000\nHello.\n\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.srt", "x.txt"]


def test_places_below_are_made(tmp_path: Path) -> None:
    write(TRANSCRIPT, Path("talks/v1.2"), output_in(tmp_path, "txt"))
    assert (tmp_path / "talks" / "v1.2.txt").read_text() == "Hello.\n"


def test_standard_output_takes_one_format() -> None:
    assert to_stdout(TRANSCRIPT, output_in(None, "txt")) == "Hello."
    assert to_stdout(TRANSCRIPT, output_in(None, "json")).startswith('{"text": " Hello."')


def test_no_place_for_a_result_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.txt").mkdir()
    with pytest.raises(OutputError, match=r"x\.txt can't be written: Is a directory; choose"):
        write(TRANSCRIPT, Path("x"), output_in(tmp_path, "txt"))
    assert [path.name for path in tmp_path.iterdir()] == ["x.txt"]


def test_a_directory_that_takes_no_files_is_found_out_first(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--output_dir /proc can't be written: "):
        make_directory(Path("/proc"))


def test_results_are_there_when_all_are_and_none_is_older(tmp_path: Path) -> None:
    sound = tmp_path / "x.mp3"
    sound.write_bytes(b"x")
    item = Item(kind="file", name=str(sound), stem=Path("x"))
    output = output_in(tmp_path, "txt", "srt")
    write(TRANSCRIPT, item.stem, output_in(tmp_path, "txt"))
    assert not is_there(item, output)
    write(TRANSCRIPT, item.stem, output)
    assert is_there(item, output)
    assert not is_there(item, output_in(None, "txt"))
    os.utime(sound, (4e9, 4e9))
    assert not is_there(item, output)
