"""Many requests at once: files are prepared ahead, their windows meet in one decoder.

The thread that wants the events does all the computing: a step of the decoder, then what came of it
goes to the listening of each window's request, which asks for more windows and finds segments.
Files are decoded and searched for speech in helper threads meanwhile, a few ahead, so that memory
stays bounded; a short one does not wait for long ones. A request that fails, or is not wanted any
more, takes its windows along and nothing else.
"""

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Protocol

import torch

from alternator.errors import AlternatorError, OutOfMemoryError
from alternator.speech.batched.asking import Answer, Model, Outcome, Step
from alternator.speech.batched.course import Course, Return
from alternator.speech.batched.preparations import Helpers, Preparations, Prepare
from alternator.speech.batched.preparing import Prepared
from alternator.speech.batched.window import Decoded, Window
from alternator.speech.engines.engine import (
    Batch,
    CancelledRequestError,
    Done,
    Event,
    Failed,
    Progressed,
    Said,
    SegmentFound,
)
from alternator.speech.long_sound import LongSoundError

# Long files that are under way, in seconds of sound (64 kB each): with no more is begun.
MOST_SECONDS = 12 * 3600.0
LOOK_SECONDS = 0.05  # between two looks for further requests, while nothing is computed
BEAT_SECONDS = 1.0  # a request that computes is heard of at least so often


class WindowDecoder(Protocol):
    """What ``alternator.speech.batched.decoder.Decoder`` is here for."""

    def submit(self, window: Window, on_done: Callable[[Decoded], None]) -> None: ...

    def cancel(self, owner: str) -> None: ...

    def step(self) -> bool: ...


class Listeners:
    """The requests of one batch.

    ``prepare`` is called in threads of ``helpers``; ``windows`` is how many windows the decoder
    computes together; ``said`` are lines for everybody who waits, which it empties.
    """

    # size: the batch, what the engine is made of, and its bound
    def __init__(
        self,
        batch: Batch,
        *,
        helpers: Helpers,
        prepare: Prepare,
        decoder: WindowDecoder,
        model: Model,
        windows: int,
        said: deque[str],
    ) -> None:
        self._batch = batch
        self._preparations = Preparations(helpers, prepare, self._unwanted)
        self._decoder = decoder
        self._model = model
        self._windows = windows
        self._said = said
        self._courses: dict[str, Course] = {}
        self._closed = False

    def events(self) -> Iterator[Event]:
        """Until no request is left."""
        try:
            while True:
                self._take()
                if not self._courses:
                    return
                yield from self._cancelled()
                yield from self._begin()
                worked = yield from self._step()
                yield from self._answer()
                if worked:
                    yield from self._beats()
                if not worked and self._preparations:
                    # A request that comes meanwhile does not wait for those files.
                    self._preparations.wait(LOOK_SECONDS)
        finally:
            self._closed = True
            for name in list(self._courses):
                self._drop(name)

    def _has_room(self) -> bool:
        short = sum(not course.long for course in self._courses.values())
        return self._preparations.has_room() and short < 2 * self._windows

    def _has_room_for_long(self) -> bool:
        heard = [course.prepared for course in self._courses.values() if course.long]
        sound = sum(prepared.duration for prepared in heard if prepared)
        return sum(map(bool, heard)) < self._windows and sound < MOST_SECONDS

    def _share(self) -> int:
        """How many windows one request may have asked for: together no more than twice as many as
        are computed at once, however many requests there are, and whoever came first."""
        courses = self._courses.values()
        count = sum(not course.long or course.listening is not None for course in courses)
        return max(2 * self._windows // max(count, 1), 1)

    def _take(self) -> None:
        while (request := self._batch.take(urgent=not self._has_room())) is not None:
            self._courses[request.id] = Course(request=request, told=time.monotonic())
            self._preparations.add(request)
        if self._has_room_for_long():
            self._preparations.begin_long()

    def _unwanted(self, name: str) -> bool:
        return self._closed or name not in self._courses or self._batch.cancelled(name)

    def _cancelled(self) -> Iterator[Event]:
        for name in [name for name in self._courses if self._batch.cancelled(name)]:
            yield self._fail(name, CancelledRequestError("the transcription was cancelled"))

    def _begin(self) -> Iterator[Event]:
        for name, future in self._preparations.done():
            if name not in self._courses:
                continue  # it was cancelled meanwhile
            try:
                prepared = future.result()
            except LongSoundError:
                self._courses[name].long = True
            except AlternatorError as error:
                yield self._fail(name, error)
            except (torch.OutOfMemoryError, MemoryError):
                yield self._fail(name, _no_room("this clip"))
            else:
                yield from self._listen(self._courses[name], prepared)

    def _listen(self, course: Course, prepared: Prepared) -> Iterator[Event]:
        course.prepared = prepared
        yield Progressed(id=course.request.id, done=0.0, total=prepared.duration)
        if prepared.begin is None:
            yield self._done(course, Outcome(segments=(), language=prepared.language))
            return
        course.listening = prepared.begin(self._model, self._share)
        yield from self._advance(course, None)

    def _step(self) -> Generator[Event, None, bool]:
        """A step of the decoder; whether it did anything."""
        try:
            worked = self._decoder.step()
        except (torch.OutOfMemoryError, MemoryError):
            # Not even one window fits. Whose it was nobody can tell.
            for name in [name for name, course in self._courses.items() if course.asked]:
                yield self._fail(name, _no_room("a single window"))
            worked = True
        while self._said:
            line = self._said.popleft()
            for name in list(self._courses):
                yield Said(id=name, text=line)
        return worked

    def _answer(self) -> Iterator[Event]:
        for course in list(self._courses.values()):
            while course.answers and course.request.id in self._courses:
                yield from self._advance(course, course.answers.popleft())

    def _advance(self, course: Course, answer: Answer | None) -> Iterator[Event]:
        """Let a request's listening go on until it waits for a window."""
        assert course.listening is not None
        try:
            while True:
                step = course.listening.send(answer)
                yield from self._tell(course, step)
                self._ask(course, step)
                if course.asked or course.answers:
                    return
                answer = None
        except StopIteration as end:
            yield self._done(course, end.value)
        except AlternatorError as error:
            yield self._fail(course.request.id, error)
        except (torch.OutOfMemoryError, MemoryError):
            yield self._fail(course.request.id, _no_room("this clip"))

    def _tell(self, course: Course, step: Step) -> Iterator[Event]:
        name = course.request.id
        for line in step.lines:
            yield Said(id=name, text=line)
        for segment in step.segments:
            yield SegmentFound(id=name, segment=segment)
        if step.heard > course.heard:
            course.heard = step.heard
            yield self._progress(course)

    def _ask(self, course: Course, step: Step) -> None:
        for ask in step.asks:
            course.asked += 1
            window = dataclasses.replace(ask.window, urgent=course.request.urgent)
            self._decoder.submit(window, Return(course, ask.number))

    def _beats(self) -> Iterator[Event]:
        """Slow is not stuck: of a request that is computed there is something to hear."""
        now = time.monotonic()
        for course in self._courses.values():
            if now - course.told >= BEAT_SECONDS:
                yield self._progress(course)

    def _progress(self, course: Course) -> Progressed:
        course.told = time.monotonic()
        total = course.prepared.duration if course.prepared else 0.0
        return Progressed(id=course.request.id, done=min(course.heard, total), total=total)

    def _done(self, course: Course, outcome: Outcome) -> Done:
        self._drop(course.request.id)
        return Done(id=course.request.id, transcript=course.transcript(outcome))

    def _fail(self, name: str, error: AlternatorError) -> Failed:
        self._drop(name)
        return Failed(id=name, error=error)

    def _drop(self, name: str) -> None:
        course = self._courses.pop(name)
        if course.asked:
            self._decoder.cancel(name)
        if course.listening is not None:
            course.listening.close()


def _no_room(what: str) -> OutOfMemoryError:
    return OutOfMemoryError(
        f"{what} does not fit into the memory; choose a smaller [whisper] model, or set [whisper] "
        f"device to cpu"
    )
