"""Finds who speaks beside an engine, whichever it is: no engine needs to know of it.

A request that asks for speakers goes to the engine like any other, with word times, and to a thread
of its own at the same moment. Other requests do not wait: the engine takes and answers them
meanwhile, and a transcript is held back only until its own speakers are known. The worker, and not
whoever asks, does it: torch and the device are there, and what asks lives without them. The file is
decoded and searched for speech once more for it: what engines know of that they keep to themselves.

Imports neither torch nor numpy: those are for the thread, and for requests that need them. A
foreign engine's Python may have none of them.
"""

import dataclasses
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from alternator.errors import AlternatorError, ModelError
from alternator.models.speaker_weights import find_speaker_weights
from alternator.speech.engines.engine import (
    Batch,
    CancelledRequestError,
    Done,
    Engine,
    Event,
    Failed,
    Progressed,
    Request,
    SegmentFound,
)
from alternator.speech.long_sound import ShortAndLong
from alternator.speech.speakers.assigning import with_speakers
from alternator.speech.speakers.turn import Turn
from alternator.speech.transcript import Transcript

if TYPE_CHECKING:
    from alternator.media.audio import GoOn
    from alternator.speech.speakers.diarizing import Diarizer

LOOK_SECONDS = 0.1  # between two looks for further requests, while only speakers are computed
BEAT_SECONDS = 1.0  # a transcript that is held back is heard of at least so often
# Where torch computes, by names that an engine may give; others are no devices of torch's.
TORCH_DEVICE = re.compile(r"cpu|cuda(:\d+)?")

Turns = tuple[Turn, ...]


@dataclass(kw_only=True, eq=False)
class _Asked:
    """A request that asks for speakers, as it came, and what there is of it."""

    request: Request
    turns: "Future[Turns]"
    unwanted: threading.Event = field(default_factory=threading.Event)
    transcript: Transcript | None = None
    told: float = 0.0  # when something was last told of it, by the monotonic clock


class Beside:
    """Finds speakers for one worker; ``directory`` is the one of models."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._weights: Path | None = None
        self._diarizer: Diarizer | None = None
        self._device = ""
        self._making = threading.Lock()
        # Of the sound of long files that is in memory no more than one is added.
        self._threads = ShortAndLong("speakers")

    def transcribe(self, engine: Engine, batch: Batch) -> Iterator[Event]:
        """As Engine.transcribe, with speakers for the requests that ask for them."""
        run = _Run(batch, self)
        self._device = engine.device
        try:
            while True:
                for event in engine.transcribe(run):
                    yield from run.passed(event)
                    yield from run.ready()
                yield from run.ready()
                if not run.wait():
                    return
        finally:
            run.close()

    def submit(self, request: Request, unwanted: threading.Event) -> "Future[Turns]":
        """Begin to find the speakers of a request. ModelError where there are no weights."""
        if self._weights is None:
            self._weights = find_speaker_weights(self._directory)

        def find(check: "GoOn") -> Turns:
            def go_on(seconds: float) -> None:
                if unwanted.is_set():
                    raise CancelledRequestError("the transcription was cancelled")
                check(seconds)

            return self._turns(request, go_on)

        return self._threads.submit(find)

    def _turns(self, request: Request, go_on: "GoOn") -> Turns:
        """In one of the threads."""
        from alternator.speech.speakers.diarizing import Diarizer, turns_of_request

        assert self._weights is not None
        go_on(0.0)
        with self._making:
            if self._diarizer is None:
                device = self._device if TORCH_DEVICE.fullmatch(self._device) else "cpu"
                self._diarizer = Diarizer(self._weights, device)
        return turns_of_request(self._diarizer, request, go_on)


class _Run:
    """The batch as the engine sees it, and what is held back of its answers.

    ``take`` and ``cancelled`` may be called from any thread, the rest from one.
    """

    def __init__(self, batch: Batch, beside: Beside) -> None:
        self._batch = batch
        self._beside = beside
        self._lock = threading.Lock()  # guards the two below
        self._asked: dict[str, _Asked] = {}
        self._refused: list[Failed] = []

    def take(self, *, urgent: bool = False) -> Request | None:
        """As Batch.take: with word times where speakers are asked for, which need them."""
        while (request := self._batch.take(urgent=urgent)) is not None:
            if request.speakers is None:
                return request
            unwanted = threading.Event()
            try:
                turns = self._beside.submit(request, unwanted)
            except ModelError as error:
                with self._lock:
                    self._refused.append(Failed(id=request.id, error=error))
                continue
            with self._lock:
                self._asked[request.id] = _Asked(request=request, turns=turns, unwanted=unwanted)
            options = dataclasses.replace(request.options, word_timestamps=True)
            return dataclasses.replace(request, options=options)
        return None

    def cancelled(self, request_id: str) -> bool:
        """As Batch.cancelled; also where there will be no speakers, and so no answer."""
        with self._lock:
            asked = self._asked.get(request_id)
        return self._batch.cancelled(request_id) or (
            asked is not None and asked.turns.done() and asked.turns.exception() is not None
        )

    def passed(self, event: Event) -> Iterator[Event]:
        """What of the engine's event is for whoever asked, now."""
        asked = self._asked.get(event.id)
        if asked is None:
            yield event
            return
        asked.told = time.monotonic()
        match event:
            case SegmentFound():
                pass  # it may be cut yet: all of them come with their speakers
            case Done():
                asked.transcript = event.transcript
            case Failed():
                self._drop(event.id)
                yield self._why(asked, event)
            case _:
                yield event

    def ready(self) -> Iterator[Event]:
        """What was held back and need not be any more; and a sign of life of what still is."""
        with self._lock:
            refused, self._refused = self._refused, []
            held = [(name, one) for name, one in self._asked.items() if one.transcript is not None]
        yield from refused
        for name, asked in held:
            if self._batch.cancelled(name):
                self._drop(name)
                error = CancelledRequestError("the transcription was cancelled")
                yield Failed(id=name, error=error)
            elif asked.turns.done():
                self._drop(name)
                yield from _answer(asked)
            elif time.monotonic() - asked.told >= BEAT_SECONDS:
                asked.told = time.monotonic()
                assert asked.transcript is not None
                seconds = asked.transcript.duration
                yield Progressed(id=name, done=seconds, total=seconds)

    def wait(self) -> bool:
        """Until one of those held back is ready, for a moment; False if none is."""
        with self._lock:
            turns = [asked.turns for asked in self._asked.values()]
            refused = bool(self._refused)
        if turns and not refused:
            wait(turns, LOOK_SECONDS, return_when="FIRST_COMPLETED")
        return bool(turns) or refused

    def close(self) -> None:
        """Nothing more is wanted."""
        for name in list(self._asked):
            self._drop(name)

    def _drop(self, name: str) -> None:
        with self._lock:
            asked = self._asked.pop(name)
        asked.unwanted.set()
        asked.turns.cancel()

    def _why(self, asked: _Asked, failed: Failed) -> Failed:
        """The engine was told that the request is cancelled, where its speakers have failed."""
        told = isinstance(failed.error, CancelledRequestError)
        if told and not self._batch.cancelled(failed.id) and asked.turns.done():
            error = None if asked.turns.cancelled() else asked.turns.exception()
            if isinstance(error, AlternatorError):
                return Failed(id=failed.id, error=error)
            if error is not None:
                raise error
        return failed


def _answer(asked: _Asked) -> Iterator[Event]:
    """The transcript with its speakers."""
    assert asked.transcript is not None
    name = asked.request.id
    try:
        turns = asked.turns.result()
    except AlternatorError as error:
        yield Failed(id=name, error=error)
        return
    words = asked.request.options.word_timestamps
    transcript = with_speakers(asked.transcript, turns, words=words)
    for segment in transcript.segments:
        yield SegmentFound(id=name, segment=segment)
    yield Done(id=name, transcript=transcript)
