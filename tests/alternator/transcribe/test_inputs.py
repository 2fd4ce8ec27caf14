"""What arguments name, and what their results are called."""

from pathlib import Path

import pytest

from alternator.errors import ConfigError
from alternator.transcribe.inputs import Item, items_of


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(b"x")


def stems(*arguments: str) -> dict[str, str]:
    items, wrong = items_of(arguments)
    assert not wrong
    return {item.name: str(item.stem) for item in items}


def test_a_file_is_taken_whatever_it_is_called(here: Path) -> None:
    make("a/notes.xyz", "a/[x].mp3")
    assert stems("a/notes.xyz", "a/[x].mp3", "a/notes.xyz", "gone.mp3") == {
        "a/notes.xyz": "notes",
        "a/[x].mp3": "[x]",
        "gone.mp3": "gone",
    }


def test_a_folder_gives_its_media_with_their_places(here: Path) -> None:
    make("m/b.MP3", "m/a/one.wav", "m/a/one.mp3", "m/.hidden/c.mp3", "m/._b.mp3", "m/cover.jpg")
    assert stems("m") == {"m/a/one.mp3": "a/one.mp3", "m/a/one.wav": "a/one.wav", "m/b.MP3": "b"}


def test_a_pattern_in_quotes(here: Path) -> None:
    make("m/b.mp3", "m/a/one.mp3", "m/a/two.ogg")
    assert stems("m/*.mp3", "m/**/*.ogg") == {"m/b.mp3": "b", "m/a/two.ogg": "two"}
    assert stems("m/*") == {"m/b.mp3": "b", "m/a/one.mp3": "one", "m/a/two.ogg": "two"}


def test_addresses_and_standard_input(here: Path) -> None:
    assert stems("https://host/a/b%20c.mp3?key=1#t", "HTTP://host", "-") == {
        "https://host/a/b%20c.mp3?key=1#t": "b c",
        "HTTP://host": "host",
        "-": "stdin",
    }
    (item,), _ = items_of(["-"])
    assert item == Item(kind="stdin", name="-", stem=Path("stdin"))


def test_what_names_nothing_is_said_and_the_rest_goes_on(here: Path) -> None:
    make("m/cover.jpg", "b.mp3")
    items, wrong = items_of(["m", "*.flac", "b.mp3"])
    assert [item.name for item in items] == ["b.mp3"]
    assert [str(error).partition(";")[0] for error in wrong] == [
        "m: no audio or video file is in this folder",
        "*.flac: no file matches this pattern",
    ]


def test_results_that_cannot_be_told_apart(here: Path) -> None:
    with pytest.raises(ConfigError, match=r"2 files are called 'x\.mp3'"):
        items_of(["a/x.mp3", "b/x.mp3"])
    assert stems("x.mp3", "x.mp3") == {"x.mp3": "x"}
    assert stems("x.mp3", "x.ogg") == {"x.mp3": "x.mp3", "x.ogg": "x.ogg"}
