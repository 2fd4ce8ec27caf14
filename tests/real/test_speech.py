"""The smallest of the packages with human speech: fetched, read, heard."""

import os
from pathlib import Path

import numpy as np
import pytest

from tests.real import speech


@pytest.fixture(scope="session")
def librivox() -> tuple[speech.Line, ...]:
    try:
        return speech.lines("en", "librivox")
    except speech.NotHereError as error:
        pytest.skip(str(error))


def test_every_line_has_its_recording_and_its_words(librivox: tuple[speech.Line, ...]) -> None:
    assert len(librivox) == 5
    assert librivox[1].text == "he was not an ill disposed young man"
    for line in librivox:
        seconds = len(speech.samples(line.path)) / speech.SAMPLE_RATE
        assert 1 < seconds < 30
        assert 1 < len(line.text.split()) / seconds < 5  # words of a person who reads aloud


def test_lines_joined_have_all_sound_and_all_words(librivox: tuple[speech.Line, ...]) -> None:
    sound, text = speech.joined(librivox[:2], pause=1.0)
    alone = [speech.samples(line.path) for line in librivox[:2]]
    assert len(sound) == sum(map(len, alone)) + 2 * speech.SAMPLE_RATE
    np.testing.assert_array_equal(sound[: len(alone[0])], alone[0])
    assert text == f"{librivox[0].text} {librivox[1].text}"


def test_what_was_fetched_once_is_not_fetched_again(
    librivox: tuple[speech.Line, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert speech.lines("en", "librivox") == librivox


def test_who_has_no_package_tool_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setenv(speech.FOLDER, str(tmp_path))
    with pytest.raises(speech.NotHereError, match=r"Debian package, and there is no apt-get"):
        speech.lines("cs")
    assert not list(tmp_path.iterdir())


def test_a_package_that_does_not_exist_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(speech.FOLDER, str(tmp_path))
    with pytest.raises(speech.NotHereError, match="no-such-package"):
        speech.package("no-such-package")
    assert not list(tmp_path.iterdir())


def test_the_lists_of_asterisk_are_named_where_they_are_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(speech.FOLDER, str(tmp_path))
    with pytest.raises(speech.NotHereError, match=r"core-sounds-ru\.txt is not there"):
        speech.lines("ru")


def test_a_language_that_nobody_speaks_here_is_refused() -> None:
    with pytest.raises(speech.NotHereError, match="no speech in 'xx'"):
        speech.lines("xx")
