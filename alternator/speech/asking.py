"""What all who ask an engine need: whom it asks in turn, and the transcript out of its events."""

from collections.abc import Iterator
from typing import Protocol, assert_never

from alternator.config.models import SERVER_ENGINE, WhisperSettings
from alternator.progress import Progress
from alternator.speech.engines.engine import Done, Failed, Progressed, Said, SegmentFound, Server
from alternator.speech.transcript import Transcript
from alternator.speech.worker.job import News
from alternator.speech.worker.protocol import Retried, Started
from alternator.speech.worker.words import is_whisper


class UnderWay(Protocol):
    """A request under way. One thread reads its events; any may cancel it."""

    def events(self, progress: Progress) -> Iterator[News]: ...

    def cancel(self) -> None: ...


def transcript_of(request: UnderWay, progress: Progress) -> Transcript:
    """Wait for the transcript; raises what its Failed carries. An exception out of ``progress``
    cancels the request."""
    try:
        for event in request.events(progress):
            match event:
                case Done():
                    return event.transcript
                case Failed():
                    raise event.error
                case Said():
                    progress.line(event.text)
                case Progressed():
                    progress.advanced(event.done, event.total)
                case Started() | Retried() | SegmentFound():
                    pass
                case _:
                    assert_never(event)
    except BaseException:
        request.cancel()
        raise
    raise AssertionError("the last event is Done or Failed")


def server_of(settings: WhisperSettings) -> Server | None:
    """The server that the operator named. An engine that computes by itself is told of none, and of
    no token."""
    if settings.server_url is None or is_whisper(settings.engine):
        return None
    return Server(
        url=settings.server_url,
        token=settings.server_token,
        timeout_seconds=settings.server_timeout_seconds,
    )


def model_for(settings: WhisperSettings) -> str:
    """What the engine of these settings calls the model: a server may have a name of its own."""
    if settings.engine == SERVER_ENGINE and settings.server_model:
        return settings.server_model
    return settings.model
