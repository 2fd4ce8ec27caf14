"""Frames: whole or not at all, from any thread; errors keep their class."""

import io
import struct
import threading

import pytest

from alternator.errors import (
    AlternatorError,
    ConfigError,
    DecoderError,
    MediaError,
    ModelError,
    NoAudioError,
    WorkerError,
)
from alternator.speech.worker.protocol import FrameError, Sender, error_frame, error_of, read_frame


def test_frames_come_out_as_they_went_in() -> None:
    stream = io.BytesIO()
    sender = Sender(stream)
    frames = [{"line": "schön\n\x00"}, {"path": "\udcff.mp3"}, {"beat": 3}]
    for frame in frames:
        sender.send(frame)
    stream.seek(0)
    assert [read_frame(stream) for _ in frames] == frames
    assert read_frame(stream) is None


def test_frames_of_many_threads_do_not_mix() -> None:
    stream = io.BytesIO()
    sender = Sender(stream)
    threads = [
        threading.Thread(target=lambda n=n: [sender.send({"beat": n}) for _ in range(200)])
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream.seek(0)
    counts = dict.fromkeys(range(4), 0)
    while frame := read_frame(stream):
        counts[frame["beat"]] += 1
    assert counts == dict.fromkeys(range(4), 200)


@pytest.mark.parametrize("rest", [b"\0\0", struct.pack(">I", 10) + b'{"be'])
def test_a_stream_that_ends_within_a_frame_has_ended(rest: bytes) -> None:
    assert read_frame(io.BytesIO(rest)) is None


@pytest.mark.parametrize(
    "stray", [b"Loading weights...", struct.pack(">I", 4) + b"{no}", struct.pack(">I", 2) + b"[]"]
)
def test_stray_bytes_are_no_frames(stray: bytes) -> None:
    with pytest.raises(FrameError):
        read_frame(io.BytesIO(stray))


@pytest.mark.parametrize(
    "cls", [ConfigError, DecoderError, MediaError, ModelError, NoAudioError, WorkerError]
)
def test_errors_keep_class_and_message(cls: type[AlternatorError]) -> None:
    error = error_of(error_frame(cls("what and remedy")))
    assert type(error) is cls and str(error) == "what and remedy"
    assert error_of({"transcript": {}}) is None
