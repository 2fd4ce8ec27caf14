"""Pipes become files, within bounds; nothing is left behind."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from small_disk import small_disk

from alternator.errors import MediaError, TemporaryMediaError
from alternator.media.local_file import check_file, local_file, spooled


@pytest.fixture(autouse=True)
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files, which is empty again at the end."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.glob("alternator-*")) == []


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def through(content: bytes) -> int:
    """The end of a pipe out of which this comes."""
    out, into = os.pipe()
    os.write(into, content)
    os.close(into)
    return out


def test_a_stream_is_a_file_as_long_as_it_is_needed() -> None:
    with os.fdopen(through(b"sound"), "rb") as stream, spooled(stream) as path:
        assert path.read_bytes() == b"sound"
    assert not path.exists()


def test_more_than_may_be_kept() -> None:
    with (
        os.fdopen(through(b"x" * 2000), "rb") as stream,
        pytest.raises(MediaError, match=r"^standard input: more than 9\.31323e-07 GB came"),
        spooled(stream, most=1000),
    ):
        pytest.fail("it was kept")


def test_nothing_came() -> None:
    with (
        os.fdopen(through(b""), "rb") as stream,
        pytest.raises(MediaError, match=r"^standard input: is empty"),
        spooled(stream),
    ):
        pytest.fail("it was kept")


def test_an_end_that_does_not_come(pipe: Path) -> None:
    """Nobody writes into the pipe: not even opening it may wait for that."""
    with (
        pytest.raises(MediaError, match=rf"^{re.escape(str(pipe))}: its end did not come within 0"),
        local_file(pipe, 0.1),
    ):
        pytest.fail("it was opened")


def test_no_room_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(tmp_path / "disk", 64) as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        with (
            subprocess.Popen(
                ["head", "-c", "200000", "/dev/zero"], stdout=subprocess.PIPE
            ) as zeros,
            pytest.raises(TemporaryMediaError, match="No space left on device; set TMPDIR"),
        ):
            assert zeros.stdout is not None
            with spooled(zeros.stdout):
                pytest.fail("it was kept")
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize("name", ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"])
def test_standard_input_by_its_name(speak: Callable[..., Path], name: str) -> None:
    """Be it a file or a pipe; ffmpeg has another one."""
    path = speak("Hello", suffix=".m4a")
    script = (
        "import sys; from pathlib import Path; from alternator.media.audio import decode\n"
        "print(len(decode(Path(sys.argv[1])).samples))"
    )
    command = [sys.executable, "-c", script]
    direct = subprocess.run([*command, str(path)], check=True, capture_output=True)
    with path.open("rb") as file:
        as_file = subprocess.run([*command, name], stdin=file, check=True, capture_output=True)
    as_pipe = subprocess.run(
        [*command, name], input=path.read_bytes(), check=True, capture_output=True
    )
    assert direct.stdout == as_file.stdout == as_pipe.stdout
    assert int(direct.stdout) > 8000


def test_a_file_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp3"
    path.write_bytes(b"x")
    with local_file(path, 1) as file:
        assert file == path


def test_a_pipe_is_not_opened_to_be_checked(pipe: Path) -> None:
    check_file(pipe)


@pytest.mark.parametrize("name", ["/dev/null", "/dev/zero", "/", "/nowhere/at all", "a\0b"])
def test_what_is_no_file(name: str) -> None:
    with pytest.raises(MediaError, match=r"is not a file|does not exist|can't be read"):
        check_file(Path(name))
