"""An engine in this process: files go in, what came of each comes out."""

from collections.abc import Sequence
from pathlib import Path

from alternator.errors import AlternatorError
from alternator.speech.engines.engine import Done, Engine, Event, Failed, Request
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
