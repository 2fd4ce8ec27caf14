"""An engine in this process: files go in, what came of each comes out."""

from collections.abc import Sequence
from pathlib import Path

from sounds import silence, sound_file

from alternator.errors import AlternatorError, MediaError, UnsupportedError
from alternator.speech.engines.engine import (
    CancelledRequestError,
    Done,
    Engine,
    Event,
    Failed,
    Progressed,
    Request,
)
from alternator.speech.options import DecodingOptions
from alternator.speech.transcript import Transcript
from alternator.speech.worker.inbox import Inbox


def inbox_of(paths: Sequence[Path], options: DecodingOptions) -> Inbox:
    """A batch of files, numbered from 0."""
    inbox = Inbox(lambda _: None)
    for number, path in enumerate(paths):
        inbox.add(Request(id=str(number), path=path, limit_seconds=None, options=options))
    return inbox


Ends = dict[str, Transcript | AlternatorError]


def run(engine: Engine, inbox: Inbox) -> tuple[Ends, list[Event]]:
    """What became of each request, and all events."""
    ends: Ends = {}
    events: list[Event] = []
    for event in engine.transcribe(inbox):
        assert event.id not in ends, f"after its end: {event}"
        events.append(event)
        match event:
            case Done():
                ends[event.id] = event.transcript
                inbox.finished(event.id)
            case Failed():
                ends[event.id] = event.error
                inbox.finished(event.id)
    assert inbox.running == ()
    return ends, events


def transcribed(engine: Engine, path: Path, options: DecodingOptions) -> Transcript:
    """The transcript of one file."""
    ends, _ = run(engine, inbox_of([path], options))
    transcript = ends["0"]
    assert isinstance(transcript, Transcript), transcript
    return transcript


def check_refusals(
    engine: Engine, path: Path, folder: Path, options: DecodingOptions, refused: DecodingOptions
) -> None:
    """Silence is no error, a page is no sound and no other request's trouble, and ``refused``
    options are refused; ``path`` has speech in it."""
    quiet = sound_file(folder / "quiet.wav", silence(1.0))
    assert transcribed(engine, quiet, options).notes == ("It is silent from beginning to end.",)
    page = folder / "page.mp3"
    page.write_text("<html>")
    ends, _ = run(engine, inbox_of([page, path], options))
    assert isinstance(ends["0"], MediaError) and not isinstance(ends["1"], Exception)
    ends, _ = run(engine, inbox_of([path], refused))
    assert isinstance(ends["0"], UnsupportedError)


def check_cancelling(engine: Engine, path: Path, options: DecodingOptions) -> None:
    """A request that is cancelled at work ends, and the one behind it does not."""
    inbox = inbox_of([path, path], options)
    ends = {}
    for event in engine.transcribe(inbox):
        if event.id == "0" and isinstance(event, Progressed):
            inbox.cancel("0")
        error = getattr(event, "error", None)
        if error is not None or hasattr(event, "transcript"):
            ends[event.id] = error
            inbox.finished(event.id)
    assert isinstance(ends["0"], CancelledRequestError) and ends["1"] is None
