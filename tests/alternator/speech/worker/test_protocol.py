"""Frames: whole or not at all, from any thread, and what is no frame is named."""

import dataclasses
import io
import json
import struct
import threading
from pathlib import Path
from typing import get_args

import pytest

from alternator.errors import MediaError
from alternator.speech.engines.engine import (
    Done,
    Failed,
    LoadOptions,
    Progressed,
    Request,
    Said,
    SegmentFound,
)
from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.speech.transcript import Decoding, Segment, Transcript, Word
from alternator.speech.worker import protocol
from alternator.speech.worker.protocol import (
    PROTOCOL_VERSION,
    Beat,
    Cancel,
    Fatal,
    Found,
    Frame,
    FrameError,
    Hello,
    Load,
    Loading,
    Ready,
    Sender,
    Started,
    VersionError,
    frame_of,
    read_frame,
)

SEGMENT = Segment(
    start=0,
    end=1.25,
    text=" schön\n\x00",
    words=(Word(start=0.5, end=1.0, text=" schön", probability=0.5),),
    decoding=Decoding(
        seek=0,
        tokens=(50364, 1),
        temperature=0.0,
        avg_logprob=-0.25,
        compression_ratio=0.5,
        no_speech_prob=0.125,
    ),
)
FRAMES: list[Frame] = [
    Hello(),
    Load(
        engine="auto",
        model="base",
        device="cuda:1",
        options=LoadOptions(model_dir=Path("/models"), threads=2, proven_device="cuda:1"),
    ),
    Loading(text="downloading"),
    Found(gpus=2),
    Ready(device="cpu"),
    Ready(device="cuda", batch_size=64, compute_type="float16"),
    Request(
        id="1",
        path=Path("\udcff.mp3"),
        limit_seconds=60,
        options=DecodingOptions(language="de", clip_timestamps=(1, 2.5), best_of=None),
        speakers=SpeakerOptions(count=2),
    ),
    Cancel(id="1"),
    Started(id="1"),
    SegmentFound(id="1", segment=SEGMENT),
    Progressed(id="1", done=30.0, total=61.5),
    Said(id="1", text="[00:00] schön"),
    Done(
        id="1",
        transcript=Transcript(
            text="schön",
            language="de",
            duration=1.5,
            segments=(SEGMENT, Segment(start=1.0, end=1.5, text="")),
        ),
    ),
    Beat(steps=3),
]


def test_frames_come_out_as_they_went_in() -> None:
    stream = io.BytesIO()
    sender = Sender(stream)
    for frame in FRAMES:
        sender.send(frame)
    stream.seek(0)
    assert [read_frame(stream) for _ in FRAMES] == FRAMES
    assert read_frame(stream) is None


def test_errors_keep_class_and_message() -> None:
    stream = io.BytesIO()
    error = MediaError("what and remedy")
    Sender(stream).send(Failed(id="1", error=error))
    Sender(stream).send(Fatal(error=error, trace="Traceback"))
    stream.seek(0)
    failed, fatal = read_frame(stream), read_frame(stream)
    assert isinstance(failed, Failed) and isinstance(fatal, Fatal)
    for came in (failed.error, fatal.error):
        assert type(came) is MediaError and str(came) == "what and remedy"
    tried = {type(frame) for frame in FRAMES} | {Failed, Fatal}
    assert tried == set(get_args(Frame)), "a frame is left out of these tests"


def test_frames_of_many_threads_do_not_mix() -> None:
    stream = io.BytesIO()
    sender = Sender(stream)

    def send_many(number: int) -> None:
        for _ in range(200):
            sender.send(Beat(steps=number))

    threads = [threading.Thread(target=send_many, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stream.seek(0)
    counts = dict.fromkeys(range(4), 0)
    while frame := read_frame(stream):
        assert isinstance(frame, Beat)
        counts[frame.steps] += 1
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
    ("raw", "message"),
    [
        ({"frame": "Sing"}, "an unknown frame 'Sing'"),
        ({"frame": ["Beat"]}, r"an unknown frame \['Beat'\]"),
        ({"steps": 1}, "an unknown frame None"),
        ({"frame": "Beat"}, "Beat has not the keys steps"),
        ({"frame": "Beat", "steps": "many"}, "Beat.steps is no int"),
    ],
)
def test_what_no_version_of_ours_sends_is_named(raw: dict[str, object], message: str) -> None:
    with pytest.raises(FrameError, match=message):
        frame_of(json.dumps(raw).encode())


def test_the_greeting_of_another_version_is_told_apart_whatever_else_it_holds() -> None:
    assert frame_of(b'{"frame": "Hello", "version": 5}') == Hello(version=PROTOCOL_VERSION)
    with pytest.raises(VersionError, match="version 6 of the protocol instead of 5"):
        frame_of(b'{"frame": "Hello", "version": 6, "can": ["sing"]}')


def test_a_frame_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "MAX_FRAME_BYTES", 100)
    stream = io.BytesIO()
    Sender(stream).send(Said(id="1", text="short"))
    with pytest.raises(FrameError, match=r"a frame of 1\d\d bytes"):
        Sender(stream).send(Said(id="1", text="long" * 30))
    stream.seek(0)
    assert read_frame(stream) == Said(id="1", text="short")
    assert read_frame(stream) is None
    with pytest.raises(FrameError, match="a frame of 101 bytes"):
        read_frame(io.BytesIO(struct.pack(">I", 101) + b" " * 101))


def test_the_proven_device_is_checked_like_all_that_is_sent() -> None:
    load = Load(
        engine="auto", model="base", device="auto", options=LoadOptions(model_dir=Path("/models"))
    )
    options = dataclasses.asdict(load.options) | {"model_dir": "/models", "proven_device": 1}
    raw = {"frame": "Load", "engine": "auto", "model": "base", "device": "auto"}
    with pytest.raises(FrameError, match=r"Load\.options\.proven_device is no str"):
        frame_of(json.dumps(raw | {"options": options}).encode())
