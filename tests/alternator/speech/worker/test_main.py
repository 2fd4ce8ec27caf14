"""The worker as a process, spoken to by hand."""

import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from alternator.errors import ConfigError, WorkerError
from alternator.speech.engines.engine import (
    CancelledRequestError,
    Done,
    Failed,
    LoadOptions,
    Progressed,
    Request,
    Said,
    SegmentFound,
)
from alternator.speech.options import DecodingOptions
from alternator.speech.worker.interpreter import COMMAND
from alternator.speech.worker.protocol import (
    Beat,
    Cancel,
    Fatal,
    Frame,
    Hello,
    Load,
    Loading,
    Ready,
    Sender,
    Started,
    read_frame,
)


def load(engine: str) -> Load:
    return Load(
        engine=engine,
        model="a book",
        device="auto",
        options=LoadOptions(model_dir=Path("/nowhere")),
    )


@pytest.fixture
def worker(reader_engine: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that nobody has spoken to yet."""
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield process
        process.kill()


def frames(worker: subprocess.Popen[bytes]) -> Iterator[Frame]:
    """What it says, without the heartbeat."""
    assert worker.stdout is not None
    while (frame := read_frame(worker.stdout)) is not None:
        if not isinstance(frame, Beat):
            yield frame


def greeted(worker: subprocess.Popen[bytes]) -> Sender:
    """For what is to be sent after the greeting."""
    assert worker.stdin is not None
    sender = Sender(worker.stdin)
    sender.send(Hello())
    return sender


def test_a_conversation(worker: subprocess.Popen[bytes], tmp_path: Path) -> None:
    sender, said = greeted(worker), frames(worker)
    text = tmp_path / "text.txt"
    text.write_text("two words")
    book = tmp_path / "book.txt"
    book.write_text("wait")
    assert next(said) == Hello()
    # Before the engine is loaded: it waits.
    for number, path in (("1", book), ("2", text)):
        sender.send(Request(id=number, path=path, limit_seconds=None, options=DecodingOptions()))
    sender.send(load("reader"))
    assert [next(said) for _ in range(3)] == [
        Loading(text="opening a book"),
        Ready(device="paper"),
        Started(id="1"),
    ]
    about_2: list[Frame] = []
    while not (about_2 and isinstance(about_2[-1], Done)):
        frame = next(said)
        if getattr(frame, "id", None) == "2":
            about_2.append(frame)
    kinds = [type(frame) for frame in about_2]
    assert kinds == [Started, SegmentFound, Progressed, SegmentFound, Progressed, Said, Done]
    sender.send(Cancel(id="1"))
    last = next(frame for frame in said if isinstance(frame, Failed))
    assert last.id == "1" and type(last.error) is CancelledRequestError
    sender.send(Cancel(id="1"))  # too late, and no harm
    assert worker.stdin is not None
    worker.stdin.close()
    assert list(said) == []
    assert worker.wait(10) == 0


def test_one_that_waits_is_cancelled_before_anything_is_loaded(
    worker: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    sender, said = greeted(worker), frames(worker)
    sender.send(Request(id="1", path=tmp_path, limit_seconds=None, options=DecodingOptions()))
    sender.send(Cancel(id="1"))
    assert next(said) == Hello()
    last = next(said)
    assert isinstance(last, Failed) and type(last.error) is CancelledRequestError


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"frame": "Hello", "version": 6}',
            "the Whisper worker was sent version 6 of the protocol instead of 5; start the program "
            "again",
        ),
        (
            '{"frame": "Sing"}',
            "the Whisper worker was sent an unknown frame 'Sing'; start the program again",
        ),
        (
            '{"frame": "Cancel", "id": "1"}',
            "the Whisper worker was sent a frame 'Cancel' before its greeting; start the program "
            "again",
        ),
    ],
    ids=["another version", "an unknown frame", "no greeting"],
)
def test_what_it_does_not_understand_ends_it(
    worker: subprocess.Popen[bytes], body: str, message: str
) -> None:
    assert worker.stdin is not None
    worker.stdin.write(struct.pack(">I", len(body)) + body.encode())
    worker.stdin.flush()
    hello, last = frames(worker)
    assert hello == Hello()
    assert isinstance(last, Fatal) and type(last.error) is WorkerError
    assert str(last.error) == message
    assert worker.wait(10) == 0


def test_a_frame_of_the_other_side_ends_it(worker: subprocess.Popen[bytes]) -> None:
    greeted(worker).send(Beat(steps=1))
    _, last = frames(worker)
    assert isinstance(last, Fatal)
    assert str(last.error) == (
        "the Whisper worker was sent a frame 'Beat' for a worker; start the program again"
    )


def test_a_load_that_fails_ends_it(worker: subprocess.Popen[bytes]) -> None:
    greeted(worker).send(load("nonsense"))
    _, last = frames(worker)
    assert isinstance(last, Fatal) and type(last.error) is ConfigError and not last.trace
    assert worker.wait(10) == 1


def test_what_a_library_prints_comes_between_no_frames(reader_engine: Path) -> None:
    (reader_engine / "paper_engine.py").write_text(
        "print('welcome to the library')\nraise ImportError('closed')\n"
    )
    with subprocess.Popen(
        COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as worker:
        greeted(worker).send(load("reader"))
        hello, last = frames(worker)
        assert hello == Hello() and isinstance(last, Fatal)
        assert worker.stderr is not None
        assert worker.stderr.read() == b"welcome to the library\n"
