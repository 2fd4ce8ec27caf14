"""Standard input and microphones, as far as this machine has any."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from alternator.errors import DecoderError, MediaError
from alternator.live.sources import (
    MEDIA,
    MOST_SINCE_END,
    Decoded,
    Source,
    backends,
    check,
    has_sound_server,
    microphone_command,
    opened,
)

Speak = Callable[..., Path]


@contextmanager
def standard_input(data: bytes) -> Iterator[None]:
    """Standard input of this process is a pipe with that in it."""
    before = os.dup(0)
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)

    def write() -> None:
        with suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
            pipe.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        writer.join(10)


def whole(source: Source) -> bytes:
    return b"".join(iter(source.read, b""))


@pytest.mark.parametrize("data", [b"", b"\1", bytes(range(256)) * 1000, b"\xff\xfb" * 5000])
def test_samples_come_as_they_are(data: bytes) -> None:
    with standard_input(data), opened("-") as source:
        assert whole(source) == data


@pytest.mark.parametrize("suffix", [".wav", ".ogg"])
def test_a_file_in_a_pipe_is_decoded(speak: Speak, suffix: str) -> None:
    data = speak("Hello world.", suffix=suffix).read_bytes()
    assert MEDIA.match(data)
    with standard_input(data), opened("-") as source:
        assert 0.5 < len(whole(source)) / 32000 < 3


@contextmanager
def spoken(data: bytes) -> Iterator[None]:
    """Standard input of this process is a pipe with that in it, which nobody has closed."""
    before = os.dup(0)
    reading, writing = os.pipe()
    os.dup2(reading, 0)
    os.close(reading)
    os.write(writing, data)
    try:
        yield
    finally:
        os.dup2(before, 0)
        os.close(before)
        os.close(writing)


def test_ended_it_still_gives_the_samples_that_were_there() -> None:
    with spoken(b"\1\2" * 20_000), opened("-") as source:
        source.end()
        assert whole(source) == b"\1\2" * 20_000


@pytest.mark.parametrize("suffix", [".wav", ".ogg"])
def test_ended_it_still_gives_what_ffmpeg_makes_of_it(speak: Speak, suffix: str) -> None:
    data = speak("Hello world.", suffix=suffix).read_bytes()
    with standard_input(data), opened("-") as source:
        expected = whole(source)
    with spoken(data[:60_000]), opened("-") as source:
        source.end()
        found = whole(source)
        source.end()  # a second time, when it is over
    assert found == expected[: len(found)]
    assert len(found) > len(expected) / 2


def test_a_microphone_that_is_ended_at_once_is_no_error(tmp_path: Path) -> None:
    if "alsa" not in backends():
        pytest.skip("this ffmpeg was built without ALSA")
    configuration = tmp_path / "asound.conf"
    configuration.write_text("pcm.zeros { type null }\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALSA_CONFIG_PATH", str(configuration))
        with opened("mic:alsa:zeros") as source:
            source.end()
            assert not any(whole(source))


def test_a_microphone_that_does_not_heed_its_end_is_ended() -> None:
    # It once wrote zeros for ever, and the command that had been told to end waited for ever.
    heedless = "import signal, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    writing = "while True: sys.stdout.buffer.write(bytes(4096))"
    with subprocess.Popen(
        [sys.executable, "-c", heedless + writing],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        source = Decoded("mic", process)
        assert source.read()
        source.end()
        most = 0
        while data := source.read():
            most += len(data)
        assert most < 2 * MOST_SINCE_END
        assert process.returncode == -signal.SIGKILL


def test_a_file_that_is_broken_says_so() -> None:
    with (
        standard_input(b"OggS" + b"nothing of the kind" * 100),
        opened("-") as source,
        pytest.raises(MediaError, match=r"^standard input: no sound can be had from it \(.+\)$"),
    ):
        whole(source)


def test_a_playlist_is_not_followed(tmp_path: Path) -> None:
    """What looks like samples is taken for samples, never for a list of files to open."""
    data = f"#EXTM3U\nfile://{tmp_path}/secret.wav\n".encode()
    with standard_input(data), opened("-") as source:
        assert whole(source) == data


def test_which_device_is_recorded_from(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def device(name: str, environ: dict[str, str]) -> list[str]:
        command = microphone_command(name, environ)
        assert command[-1] == "pipe:1"
        place = command.index("-f")
        return [command[place + 1], command[place + 3]]

    monkeypatch.setattr("alternator.live.sources.backends", lambda: ["pulse", "alsa"])
    server = {"PULSE_SERVER": "unix:/run/pulse"}
    assert device("mic", {}) == ["alsa", "default"]
    assert device("mic", server) == ["pulse", "default"]
    assert device("mic:hw:1,0", {}) == ["alsa", "hw:1,0"]
    assert device("mic:alsa:hw:1,0", server) == ["alsa", "hw:1,0"]
    assert device("mic:pulse:desk", {}) == ["pulse", "desk"]

    monkeypatch.setattr("alternator.live.sources.backends", lambda: ["alsa"])
    assert device("mic", server) == ["alsa", "default"]
    with pytest.raises(DecoderError, match=r"^mic:pulse:desk: this ffmpeg was built without pulse"):
        check("mic:pulse:desk", {})

    monkeypatch.setattr("alternator.live.sources.backends", list)
    with pytest.raises(DecoderError, match="can't record: it was built without ALSA"):
        check("mic")
    check("-")


def test_a_sound_server_is_found_by_its_socket(tmp_path: Path) -> None:
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert not has_sound_server(environ)
    (tmp_path / "pulse").mkdir()
    (tmp_path / "pulse" / "native").touch()
    assert has_sound_server(environ)


def test_a_microphone_that_is_not_there_says_so() -> None:
    if "alsa" not in backends():
        pytest.skip("this ffmpeg was built without ALSA")
    with (
        opened("mic:alsa:no_such_device") as source,
        pytest.raises(MediaError, match=r"^mic:alsa:no_such_device: no sound can be had from it"),
    ):
        whole(source)
