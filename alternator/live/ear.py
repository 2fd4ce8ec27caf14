"""What is said in a stretch of a stream's window: asks, and tells the pace how long that took."""

import asyncio
import time
from collections.abc import Callable

from alternator.live.look import Hear, Look
from alternator.live.news import Rules
from alternator.live.pace import Pace
from alternator.live.past import Past
from alternator.live.plan import Pass, is_over
from alternator.live.sound import Sound
from alternator.speech.transcript import Segment, Transcript

# A look that may be left out is given up after so long: a small model may repeat itself in the half
# of a word for ten seconds, and all that is said meanwhile would wait for it.
GIVEN_UP_SECONDS = 1.5
# So often it is looked whether one in full is due meanwhile: final words need not wait for others.
DUE_SECONDS = 0.05


class Ear:
    """One question at a time. ``pace`` is shared by all that ``hear`` by the same model."""

    def __init__(self, hear: Hear, pace: Pace) -> None:
        self._hear = hear
        self._pace = pace
        self._asking: asyncio.Future[Transcript] | None = None

    @property
    def has_room(self) -> bool:
        """Whether a look may be taken that could be left out."""
        return self._pace.has_room

    @property
    def in_time(self) -> bool:
        """Whether answers come in time."""
        return self._pace.in_time

    async def segments(
        self, sound: Sound, window: Pass, due: Callable[[], bool], past: Past
    ) -> tuple[Segment, ...] | None:
        """What is said in the window, in its own times; None if it was given up, as a quick look is
        where it takes too long, or where one in full is ``due``. CancelledError if it was
        cancelled."""
        if sound.silent:
            return ()
        most = self._pace.help_seconds
        look = Look(
            wav=sound.wav(0.0, window.end),
            full=window.full,
            hurried=not self._pace.has_time,
            urgent=window.full,
            before=past.before(sound, window.end, most) if window.full else None,
        )
        return await self._said(look, due)

    def cancel(self) -> None:
        """Nobody wants to know any more."""
        if self._asking is not None:
            self._asking.cancel()

    async def is_over(
        self, sound: Sound, window: Pass, segments: tuple[Segment, ...], rules: Rules
    ) -> bool:
        """Whether a sentence is over: its text ends well before the window, or nobody speaks in
        the quiet at the window's end.

        Small models tell times in whole seconds, so the first may not be seen. Then the voice
        detector is asked about the quiet alone, which costs little: what has no speech in it is not
        decoded.
        """
        if is_over(window, segments, rules):
            return True
        if window.pause is None or not window.full:
            return False
        quiet = Look(wav=sound.wav(window.pause, window.end), full=False, urgent=True)
        return await self._said(quiet, lambda: False) == ()

    async def _said(self, look: Look, due: Callable[[], bool]) -> tuple[Segment, ...] | None:
        started = time.monotonic()
        seconds = None
        self._pace.began()
        try:
            self._asking = asyncio.ensure_future(self._hear(look))
            if not (look.full or await self._comes(self._asking, due)):
                return None
            transcript = await self._asking
            seconds = time.monotonic() - started
        finally:
            if self._asking is not None:
                self._asking.cancel()  # nothing, if it is done
            self._asking = None
            self._pace.ended(seconds, full=look.full)
        return tuple(segment for segment in transcript.segments if segment.text.strip())

    @staticmethod
    async def _comes(asking: asyncio.Future[Transcript], due: Callable[[], bool]) -> bool:
        """Whether the answer comes before it is given up."""
        ends = time.monotonic() + GIVEN_UP_SECONDS
        while not asking.done():
            if due() or time.monotonic() >= ends:
                return False
            await asyncio.wait({asking}, timeout=DUE_SECONDS)
        return True
