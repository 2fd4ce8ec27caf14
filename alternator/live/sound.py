"""The sound of a stream that is not finished with: a window at its end that grows and is cut.

Samples are 16 bits, mono, little-endian. Nothing here decides whether somebody speaks: how loud it
is only says when it is worth to ask the voice detector, which is in the worker.
"""

import io
import sys
import wave
from array import array
from collections.abc import Iterator

WIDTH = 2  # bytes of a sample
FRAME_SECONDS = 0.05
# Of what was dropped so much is kept.
PAST_SECONDS = 20.0
# Of a frame's samples every so many is looked at, which is enough to tell loud from quiet.
STRIDE = 4
# Below this share of the loudest frame it is quiet: 20 dB.
QUIET = 0.1


class Sound:
    """What was appended and not dropped, at ``rate`` samples in a second.

    Times are seconds from the beginning of the window; ``start`` is where that is in the stream.
    All cuts are at frames of 50 ms. The last seconds of what was dropped can still be had.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._frame_bytes = round(rate * FRAME_SECONDS) * WIDTH
        self._past = bytearray()
        self._data = bytearray()
        self._levels: list[int] = []  # of whole frames: their mean amplitude
        self._dropped = 0  # frames

    @property
    def start(self) -> float:
        """Where in the stream the window begins, in seconds."""
        return self._dropped * FRAME_SECONDS

    @property
    def seconds(self) -> float:
        """How long the window is."""
        return len(self._data) // WIDTH / self.rate

    @property
    def kept(self) -> float:
        """How many seconds before the window can still be had."""
        return len(self._past) // WIDTH / self.rate

    @property
    def silent(self) -> bool:
        """Whether there is nothing in it but zeros, as a muted microphone gives."""
        rest = self._data[len(self._levels) * self._frame_bytes :]
        return not any(self._levels) and not any(rest)

    def append(self, pcm: bytes) -> None:
        """More of the stream; half a sample at its end waits for its other half."""
        self._data += pcm
        while len(self._data) >= (len(self._levels) + 1) * self._frame_bytes:
            first = len(self._levels) * self._frame_bytes
            self._levels.append(level(self._data[first : first + self._frame_bytes]))

    def drop(self, seconds: float) -> None:
        """Forget the beginning, up to so many seconds of it, in whole frames."""
        count = min(int(seconds / FRAME_SECONDS + 1e-6), len(self._levels))
        self._past += self._data[: count * self._frame_bytes]
        del self._past[: -round(PAST_SECONDS / FRAME_SECONDS) * self._frame_bytes]
        del self._data[: count * self._frame_bytes]
        del self._levels[:count]
        self._dropped += count

    def drop_all(self) -> None:
        """Forget all of it, and what was before it."""
        self._past.clear()
        frames = -(-len(self._data) // self._frame_bytes)
        self._data.clear()
        self._levels.clear()
        self._dropped += frames

    def wav(self, begin: float, end: float) -> bytes:
        """What is between two times, as a WAV file; before the window times are negative."""
        file = io.BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(WIDTH)
            writer.setframerate(self.rate)
            first, last = (round(at * self.rate) * WIDTH for at in (begin, end))
            if first < 0:
                writer.writeframes(self._past[first : min(last, 0) or None])
            writer.writeframes(self._data[max(first, 0) : max(last, 0)])
        return file.getvalue()

    def pause(self, after: float, least: float, within: float) -> float | None:
        """Where it becomes quiet for ``least`` seconds, after something loud: the first such place
        that begins at ``after`` or later and ends before ``within``. None where there is none.

        What counts as loud is what was so until then, whatever comes later. Where ``after`` is
        the end of such a place and it stays quiet for as long once more, that is one again: a voice
        may fade so slowly that somebody still spoke in the first.
        """
        most = int(within / FRAME_SECONDS + 1e-6)
        wanted = round(least / FRAME_SECONDS)
        first = round(after / FRAME_SECONDS)
        for begin, end in self._quiets(most):
            fresh = first if begin + wanted == first else begin  # that one was looked at
            if fresh >= first and end - fresh >= wanted:
                return fresh * FRAME_SECONDS
        return None

    def breath(self, after: float, until: float, least: float) -> float | None:
        """The middle of the first quiet of ``least`` seconds or more between two loud stretches
        that begins at ``after`` or later and not later than ``until``. None where there is none."""
        first, last = round(after / FRAME_SECONDS), round(until / FRAME_SECONDS)
        wanted = round(least / FRAME_SECONDS)
        for begin, end in self._quiets(len(self._levels)):
            if begin > last or end == len(self._levels):
                break
            if begin >= first and end - begin >= wanted:
                return (begin + end) / 2 * FRAME_SECONDS
        return None

    def rests(self, least: float) -> bool:
        """Whether the last ``least`` seconds of it are quiet, after something loud."""
        wanted = round(least / FRAME_SECONDS)
        bound = QUIET * max(self._levels, default=0)
        latest = self._levels[-wanted:]
        return len(self._levels) > wanted and all(one < bound for one in latest)

    def _quiets(self, most: int) -> Iterator[tuple[int, int]]:
        """Where it is quiet, after something loud, within so many frames: from which one, up to
        which one."""
        loudest = run = 0
        for number, loudness in enumerate(self._levels[:most]):
            loudest = max(loudest, loudness)
            if loudness < QUIET * loudest:
                run += 1
            elif run:
                yield number - run, number
                run = 0
        if run:
            end = min(most, len(self._levels))
            yield end - run, end

    def gap(self, near: float, slack: float, least: float) -> float | None:
        """The middle of the longest time that it is quiet, for ``least`` seconds or more, not
        further than ``slack`` from a time. None where there is none."""
        first = max(round((near - slack) / FRAME_SECONDS), 0)
        last = min(round((near + slack) / FRAME_SECONDS), len(self._levels))
        bound = QUIET * max(self._levels[:last], default=0)
        best = run = end = 0
        for number in range(first, last):
            run = run + 1 if self._levels[number] < bound else 0
            if run > best:
                best, end = run, number + 1
        wanted = round(least / FRAME_SECONDS)
        return (end - best / 2) * FRAME_SECONDS if best >= wanted else None

    def quietest(self, first: float, last: float) -> float:
        """The middle of the quietest fifth of a second between two times."""
        begin, end = int(first / FRAME_SECONDS), int(last / FRAME_SECONDS)
        width = 4
        places = range(begin, max(end - width, begin) + 1)
        sums = [(sum(self._levels[at : at + width]), at) for at in places]
        return (min(sums)[1] + width / 2) * FRAME_SECONDS


def level(frame: bytes | bytearray) -> int:
    """The mean amplitude of a frame, from 0 to 32768."""
    samples = array("h", bytes(frame))
    if sys.byteorder == "big":
        samples.byteswap()
    some = samples[::STRIDE]
    return sum(map(abs, some)) // len(some)
