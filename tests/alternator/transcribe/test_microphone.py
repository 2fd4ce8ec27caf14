"""The whole way of speech from a room of PulseAudio's to a line of text."""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from live_command import SPOKEN, live
from waiting import wait_for

from alternator.live.sources import backends

pytest.importorskip("whisper")

Speak = Callable[..., Path]
SERVER = "PULSE_SERVER"


@pytest.fixture
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a sound server of its own: what is played in its sink ``room`` can be recorded
    from ``room.monitor``, as fast as it is heard.
    https://www.freedesktop.org/wiki/Software/PulseAudio/Documentation/User/Modules/"""
    if shutil.which("pulseaudio") is None:
        pytest.skip("PulseAudio is not installed")
    if "pulse" not in backends():
        pytest.skip("this ffmpeg was built without PulseAudio")
    folder = tmp_path_factory.mktemp("pulse")
    socket = folder / "native"
    # fmt: off
    command = [
        "pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
        "--disable-shm=yes", "--log-target=stderr",
        "-L", "module-null-sink sink_name=room rate=48000",
        "-L", f"module-native-protocol-unix auth-anonymous=1 socket={socket}",
    ]
    # fmt: on
    environ = {**os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder)}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environ, stderr=log)
    try:
        wait_for(socket.exists, what="the sound server")
        yield f"unix:{socket}"
    finally:
        process.terminate()
        process.wait(30)


def play(file: Path, server: str) -> None:
    """In the room, as fast as it is spoken; and a second of silence."""
    # fmt: off
    command = [
        "ffmpeg", "-v", "error", "-nostdin", "-re", "-i", str(file), "-af", "apad=pad_dur=1",
        "-f", "pulse", "-device", "room", "somebody",
    ]
    # fmt: on
    subprocess.run(command, env={**os.environ, SERVER: server}, check=True, timeout=60)


def test_what_is_said_in_the_room_is_written_down(
    room: str, speak: Speak, checkpoint: Path, tmp_path: Path
) -> None:
    with live(tmp_path, checkpoint, "mic:pulse:room.monitor", **{SERVER: room}) as command:
        for number, text in enumerate(SPOKEN, start=1):
            # What is said before the recorder is there, nobody hears.
            wait_for(lambda: recorders(room), what="the recorder")
            play(speak(text), room)
            wait_for(lambda: len(command.said) == number, what="a line")  # noqa: B023
        command.process.send_signal(signal.SIGINT)
        assert command.end() == 0
        assert [line.partition("]")[2].strip() for line in command.said] == list(SPOKEN)


def recorders(server: str) -> str:
    """Who records in the room."""
    command = ["pactl", "list", "short", "source-outputs"]
    environ = {**os.environ, SERVER: server}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return done.stdout
