"""For engines that hear one request after the other, by a call that takes its time.

The call runs in a thread of its own; what it tells comes out as events. While it tells nothing, the
engine says once a second that it is at work: how far it is inside is its own. So a call that never
comes back is found by the time limit for a request, not as a standstill.
"""

import dataclasses
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from alternator.errors import AlternatorError
from alternator.media.audio import SAMPLE_RATE, Samples, decode
from alternator.speech.engines.engine import (
    Batch,
    CancelledRequestError,
    Done,
    Event,
    Failed,
    Progressed,
    Request,
    SegmentFound,
)
from alternator.speech.engines.nothing_to_hear import nothing_to_hear
from alternator.speech.transcript import Segment, Transcript

TICK_SECONDS = 1.0


class Told:
    """What the call lets out about one request, and whether that is still wanted."""

    def __init__(
        self, request: Request, tell: Callable[[Event], None], unwanted: Callable[[], bool]
    ) -> None:
        self._id = request.id
        self._tell = tell
        self._unwanted = unwanted
        self._done = self._total = 0.0

    @property
    def unwanted(self) -> bool:
        """Whether to end it."""
        return self._unwanted()

    def check(self) -> None:
        """CancelledRequestError once it is not wanted any more."""
        if self._unwanted():
            raise CancelledRequestError("the transcription was cancelled")

    def begin(self, total: float) -> None:
        """The sound is there, ``total`` seconds of it."""
        self._total = total
        self.check()
        self.beat()

    def segment(self, segment: Segment) -> None:
        """One more."""
        self._done = min(max(self._done, segment.end), self._total)
        self._tell(SegmentFound(id=self._id, segment=segment))
        self.beat()

    def beat(self) -> None:
        """It is at work."""
        if self._total:
            self._tell(Progressed(id=self._id, done=self._done, total=self._total))


# Hears the samples of a request. AlternatorError is the request's failure, any other is a defect.
Hear = Callable[[Samples, Request, Told], Transcript]


class OneByOne:
    """Takes requests out of a batch until none is left."""

    def __init__(self, batch: Batch, check: Callable[[Request], None], hear: Hear) -> None:
        """``check`` refuses what the engine has not, before anything is decoded."""
        self._batch = batch
        self._check = check
        self._hear = hear
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._told: Told | None = None

    def events(self) -> Iterator[Event]:
        """As Engine.transcribe."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="hear") as pool:
            work = pool.submit(self._work)
            work.add_done_callback(lambda _: self._events.put(None))
            try:
                while True:
                    try:
                        event = self._events.get(timeout=TICK_SECONDS)
                    except queue.Empty:
                        if (told := self._told) is not None:
                            told.beat()
                        continue
                    if event is None:
                        break
                    yield event
            finally:
                self._closing.set()
            work.result()

    def _work(self) -> None:
        while not self._closing.is_set() and (request := self._batch.take()) is not None:
            last = self._answer(request)
            self._told = None
            self._events.put(last)

    def _answer(self, request: Request) -> Done | Failed:
        def unwanted() -> bool:
            return self._closing.is_set() or self._batch.cancelled(request.id)

        told = self._told = Told(request, self._events.put, unwanted)
        try:
            self._check(request)
            sound = decode(
                request.path, limit_seconds=request.limit_seconds, track=request.audio_track
            )
            seconds = len(sound.samples) / SAMPLE_RATE
            told.begin(seconds)
            if nothing := nothing_to_hear(sound.samples):
                notes = (*sound.notes, nothing)
                language = request.options.language or ""
                found = Transcript(
                    text="", language=language, duration=seconds, segments=(), notes=notes
                )
            else:
                found = self._hear(sound.samples, request, told)
        except AlternatorError as error:
            return Failed(id=request.id, error=error)
        return Done(id=request.id, transcript=with_notes(found, sound.notes))


def with_notes(found: Transcript, notes: tuple[str, ...]) -> Transcript:
    """The transcript with what is to be said of its sound."""
    missing = tuple(note for note in notes if note not in found.notes)
    return dataclasses.replace(found, notes=(*missing, *found.notes))
