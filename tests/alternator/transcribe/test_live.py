"""``alternator transcribe --live`` as a process of its own."""

import os
import pty
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from live_command import SPOKEN, live
from waiting import wait_for

from alternator.live.sources import backends
from probe.exit_codes import ExitCode

pytest.importorskip("whisper")

Speak = Callable[..., Path]


def samples(path: Path) -> bytes:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path), "-ac", "1", "-ar", "16000"]
    done = subprocess.run([*command, "-f", "s16le", "-"], check=True, capture_output=True)
    return done.stdout + bytes(32000)


def test_final_lines_come_while_the_sound_goes_on(
    speak: Speak, checkpoint: Path, tmp_path: Path
) -> None:
    with live(tmp_path, checkpoint) as command:
        for number, text in enumerate(SPOKEN, start=1):
            command.feed(samples(speak(text)))
            wait_for(lambda: len(command.said) == number, what="a line")  # noqa: B023
        assert command.process.stdin is not None
        command.process.stdin.close()
        assert command.end() == 0
        assert [line.partition("]")[2].strip() for line in command.said] == list(SPOKEN)
        assert command.said[0].startswith("[00:00.")
        (summary,) = command.complained
        assert summary.startswith("alternator transcribe: 2 sentences in ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_with_what_was_said(
    speak: Speak, checkpoint: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with live(tmp_path, checkpoint) as command:
        command.feed(samples(speak(SPOKEN[0])))
        wait_for(lambda: command.said, what="the first line")
        command.feed(samples(speak(SPOKEN[1]))[:-32000])
        # The second sentence, which nothing ends, may be anywhere between the pipe and the model.
        command.process.send_signal(number)
        assert command.end() == 0
        assert [line.partition("]")[2].strip() for line in command.said] == list(SPOKEN)


def test_a_signal_ends_a_file_with_what_came_of_it(
    speak: Speak, checkpoint: Path, tmp_path: Path
) -> None:
    with live(tmp_path, checkpoint) as command:
        command.feed(wav(samples(speak(SPOKEN[0]))))
        wait_for(lambda: command.said, what="the first line")
        command.feed(samples(speak(SPOKEN[1]))[:-32000])
        command.process.send_signal(signal.SIGINT)
        assert command.end() == 0
        assert [line.partition("]")[2].strip() for line in command.said] == list(SPOKEN)


def wav(data: bytes) -> bytes:
    """A WAV file that goes on for as long as there is sound, as a recorder writes it to a pipe."""
    rate, most = 16000, 0xFFFFFFFF
    head = struct.pack("<4sI8sIHHIIHH", b"RIFF", most, b"WAVEfmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return head + struct.pack("<4sI", b"data", most) + data


def test_who_waits_after_ctrl_c_is_told_what_for_and_may_break_it_off(
    speak: Speak, checkpoint: Path, tmp_path: Path
) -> None:
    with live(tmp_path, checkpoint) as command:
        command.feed(samples(speak(SPOKEN[0])))
        wait_for(lambda: command.said, what="the first line")
        (worker,) = children_of(command.process.pid)
        os.kill(worker, signal.SIGSTOP)  # as slow as can be
        try:
            command.feed(samples(speak(SPOKEN[1])))
            command.process.send_signal(signal.SIGINT)
            wait_for(lambda: command.complained, what="a word about the wait")
            command.process.send_signal(signal.SIGINT)
            wait_for(lambda: command.process.poll() is not None, what="its end")
        finally:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGCONT)
        assert command.end() == 130
        assert len(command.said) == 1
        assert command.complained == [
            "alternator transcribe: what was said until then is still being written down; a second "
            "Ctrl-C does not wait for it"
        ]


def test_a_terminal_shows_words_before_they_are_final(
    speak: Speak, checkpoint: Path, tmp_path: Path
) -> None:
    sound = samples(speak(SPOKEN[1]))
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "alternator", "transcribe", "--live", "-"]
    process = subprocess.Popen(
        [*command, "--model", str(checkpoint)],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    assert process.stdin is not None
    process.stdin.write(sound[: 2 * 16000 * 3 // 2])
    process.stdin.flush()
    shown = b""
    while b"\x1b[K" not in shown:
        shown += os.read(ours, 1000)
    process.stdin.write(sound[2 * 16000 * 3 // 2 :])
    process.stdin.close()
    while SPOKEN[1].encode() + b"\r\n" not in shown:
        shown += os.read(ours, 1000)
    assert process.wait(30) == 0
    os.close(ours)


def test_a_file_from_a_pipe(speak: Speak, checkpoint: Path, tmp_path: Path) -> None:
    with live(tmp_path, checkpoint) as command:
        command.feed(speak(SPOKEN[0], suffix=".ogg").read_bytes())
        assert command.process.stdin is not None
        command.process.stdin.close()
        assert command.end() == 0
        assert [line.partition("]")[2].strip() for line in command.said] == [SPOKEN[0]]


def test_a_silent_microphone_and_ctrl_c(checkpoint: Path, tmp_path: Path) -> None:
    """ALSA's device that gives zeros, and for ever:
    https://www.alsa-project.org/alsa-doc/alsa-lib/pcm_plugins.html#pcm_plugins_null"""
    if "alsa" not in backends():
        pytest.skip("this ffmpeg was built without ALSA")
    configuration = tmp_path / "asound.conf"
    configuration.write_text("pcm.zeros { type null }\n")
    with live(tmp_path, checkpoint, "mic:alsa:zeros", ALSA_CONFIG_PATH=configuration) as command:
        wait_for(lambda: children(command.process.pid) >= 2, what="ffmpeg and the worker")
        command.process.send_signal(signal.SIGINT)
        # This device gives sound faster than it is heard, and what was taken is heard to its end:
        # 7 s on an idle machine, over 90 on one with four times as much to do as it has processors.
        wait_for(lambda: command.process.poll() is not None, 240, what="its end")
        assert command.end() in (0, 130)
        assert command.said == []
        assert not any("Traceback" in line for line in command.complained)


def children(pid: int) -> int:
    return len(children_of(pid))


def children_of(pid: int) -> list[int]:
    """Whichever of its threads started them."""
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in threads for child in path.read_text().split()]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--live", "talk.mp3"],
            "--live takes one source: - for standard input, mic or mic:DEVICE",
        ),
        (["--live", "-", "mic"], "--live takes one source"),
        (["--live", "-", "-o", "there"], "leave out --output_dir"),
        (["--live", "-", "--diarize"], "leave out --diarize"),
        (["--live", "-", "--resume"], "leave out --resume"),
        (["--live", "-", "--clip_timestamps", "3"], "leave out --clip_timestamps"),
    ],
)
def test_what_makes_no_sense(arguments: list[str], message: str) -> None:
    command = [sys.executable, "-m", "alternator", "transcribe", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == ExitCode.USAGE
    assert message in done.stderr
