"""One stream of sound: what comes in is heard in growing windows, what is said comes out.

A window begins where the last final text ended, and is heard again and again from its beginning;
the words that two looks in a row agree on are told as confirmed (agreement.py). A sentence is over
where the voice detector, whose work the segments' times show, finds silence; how loud the sound is
says only when to ask. Then its text is final and its sound forgotten.

One task feeds, another one reads ``news``; both in one event loop, so nothing here needs a lock.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress

from alternator.errors import AlternatorError
from alternator.live.agreement import Agreement
from alternator.live.arrivals import Arrivals
from alternator.live.ear import Ear
from alternator.live.item import Item, between_pauses, moved_by
from alternator.live.look import Hear
from alternator.live.news import Began, Ended, Final, Lost, News, Partial, Rules
from alternator.live.pace import Pace
from alternator.live.past import Past
from alternator.live.plan import SHORTEST_SECONDS, Pass, State, next_pass, split_of
from alternator.live.sound import Sound
from alternator.speech.transcript import Segment

# Of sound in which nobody spoke so much is kept: a word may just begin.
KEPT_SECONDS = 1.0
# More sound than so many windows is not taken in: who sends must wait.
MOST_WINDOWS = 2.0
SLICE_SECONDS = 0.5
TICK_SECONDS = 0.1  # between two looks at the clock
MOST_FAILURES = 3  # in a row


class Stream:
    """Samples of 16 bits, mono, at ``rate`` per second. ``pace`` is shared by all streams that
    ``hear`` by the same model."""

    def __init__(self, hear: Hear, pace: Pace, rate: int, rules: Rules = Rules()) -> None:  # noqa: B008
        self.rules = rules
        self._ear = Ear(hear, pace)
        self._sound = Sound(rate)
        self._agreement = Agreement()
        self._item = Item()
        self._past = Past()
        self._marks: deque[float] = deque()
        self._arrivals = Arrivals()
        self._heard = self._looked = 0.0  # in the stream
        self._doubt = self._finished = False
        self._split: float | None = None
        self._failures = 0
        self._changed = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def uncommitted(self) -> float:
        """Seconds of sound that belong to no item yet."""
        end = self._sound.start + self._sound.seconds
        return end - max([self._item.start, *self._marks])

    @property
    def is_full(self) -> bool:
        """Whether more sound must wait."""
        return self._sound.seconds >= MOST_WINDOWS * self.rules.longest

    async def feed(self, pcm: bytes) -> None:
        """More sound. Waits while there is more than can be heard in time."""
        size = round(self._sound.rate * SLICE_SECONDS) * 2
        for at in range(0, len(pcm), size):
            while self.is_full:
                self._room.clear()
                await self._room.wait()
            self._sound.append(pcm[at : at + size])
            self._arrivals.note(self._sound.start + self._sound.seconds)
            self._changed.set()

    def commit(self) -> None:
        """What came so far is an item, or the rest of one."""
        self._marks.append(self._sound.start + self._sound.seconds)
        self._changed.set()

    def clear(self) -> None:
        """Forget the sound that belongs to no item yet, and what was found in it."""
        self._marks.clear()
        self._sound.drop_all()
        self._past.clear()
        self._begin_anew()
        self._item = Item(start=self._sound.start)
        self._ear.cancel()
        self._room.set()
        self._changed.set()

    def finish(self) -> None:
        """Nothing more comes: the news end with what there is."""
        self._finished = True
        self._changed.set()

    async def news(self) -> AsyncGenerator[News, None]:
        """What comes of it, until it is finished. Left early, it gives up what is being heard.

        AlternatorError once nothing can be heard any more.
        """
        while True:
            self._changed.clear()
            window = self._next()
            if window is not None and window.end >= SHORTEST_SECONDS:
                async for told in self._look(window):
                    yield told
            elif window is not None:
                for told in self._end(window.end):
                    yield told
                if self._finished and not self._marks:
                    return
            else:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), TICK_SECONDS)

    def _next(self) -> Pass | None:
        start = self._sound.start
        idle = self.rules.turns and self._arrivals.silence >= self.rules.idle
        unheard = self._sound.seconds >= KEPT_SECONDS or self._item.open
        state = State(
            mark=max(self._marks[0] - start, 0.0) if self._marks else None,
            heard=self._heard - start,
            looked=self._looked - start,
            over=self._finished or (idle and unheard),
            doubt=self._doubt,
            split=self._split,
        )
        room, in_time = self._ear.has_room, self._ear.in_time
        return next_pass(self._sound, state, self.rules, has_room=room, in_time=in_time)

    def _is_due(self) -> bool:
        """Whether final text could be told by now."""
        window = self._next()
        return window is not None and window.full

    async def _look(self, window: Pass) -> AsyncGenerator[News, None]:
        """Hear the window, and tell what came of it."""
        try:
            segments = await self._ear.segments(self._sound, window, self._is_due, self._past)
            if segments is None:
                self._heard = self._sound.start + window.end
                return
            over = window.sure or bool(
                segments and await self._ear.is_over(self._sound, window, segments, self.rules)
            )
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            return  # it was cleared
        except AlternatorError as error:
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                raise
            yield self._lose(window, error)
            return
        self._failures = 0
        if over and window.full:
            told = self._finals(window, segments)
        elif segments:
            told = self._partial(window, segments, doubt=over)
        else:
            told = self._nobody_spoke(window)
        for one in told:
            yield one

    def _finals(self, window: Pass, segments: tuple[Segment, ...]) -> list[News]:
        told = self._begun(segments) if segments else []
        start = self._sound.start
        if segments:
            moved = tuple(moved_by(start, segment) for segment in segments)
            text = "".join(segment.text for segment in moved)
            self._item.add(text)
            self._past.add(moved)
            latency = self._arrivals.since(min(moved[-1].end, start + window.end))
            apart = between_pauses(moved)
            told.append(Final(text=text.strip(), segments=apart, latency=latency))
        cut = window.end if window.sure else window.end - self.rules.padding
        self._cut(cut)
        if window.ends:
            told += self._end(0.0 if window.sure else window.end - cut)
        return told

    def _partial(self, window: Pass, segments: tuple[Segment, ...], *, doubt: bool) -> list[News]:
        self._agreement.hear("".join(segment.text for segment in segments))
        words = Partial(confirmed=self._agreement.confirmed, tentative=self._agreement.tentative)
        told = [*self._begun(segments), words]
        self._heard = self._sound.start + window.end
        self._doubt = doubt
        self._split = split_of(self._sound, segments)
        if window.pause is not None:
            self._looked = self._heard
        return told

    def _begun(self, segments: tuple[Segment, ...]) -> list[News]:
        if self._item.open:
            return []
        self._item.open = True
        return [Began(at=self._sound.start + max(segments[0].start, 0.0))]

    def _nobody_spoke(self, window: Pass) -> list[News]:
        if self._item.open and not window.full:
            self._doubt = True  # words were told: only a full look takes them back
            return []
        told = self._end(window.end) if self._item.open and window.ends else []
        end = self._sound.start + window.end
        kept = self.rules.padding if window.pause is not None else KEPT_SECONDS
        self._cut(max(window.end - kept, 0.0))
        self._heard = end
        if window.pause is not None:
            self._looked = end
        return told

    def _lose(self, window: Pass, error: AlternatorError) -> Lost:
        end = self._sound.start + window.end
        self._cut(window.end)
        self._past.clear()
        if self._marks and self._marks[0] <= end:
            self._marks.popleft()
        self._item = Item(start=end)
        return Lost(at=end, error=error)

    def _end(self, behind: float) -> list[News]:
        """The item is over, at ``behind`` seconds after the window's beginning."""
        at = self._sound.start + behind
        asked = bool(self._marks) and self._marks[0] <= at + SHORTEST_SECONDS
        if asked:
            self._marks.popleft()
        item, self._item = self._item, Item(start=at)
        if not (item.open or asked):
            return []
        return [Ended(at=at, text=item.text, seconds=at - item.start, asked=asked)]

    def _cut(self, seconds: float) -> None:
        self._sound.drop(seconds)
        self._begin_anew()
        self._arrivals.forget(self._sound.start)
        self._room.set()

    def _begin_anew(self) -> None:
        self._agreement = Agreement()
        self._heard = self._looked = self._sound.start
        self._doubt = False
        self._split = None
