"""What was said before the window that is heard now: heard with it, its words are better.

It is told as one segment, whatever it was: a model that is shown short ones goes on with short
ones, and a sentence in two pieces has the first one late.
"""

from collections import deque
from collections.abc import Sequence

from alternator.live.item import joined, moved_by
from alternator.live.look import Before
from alternator.live.sound import Sound
from alternator.speech.transcript import Segment

# With the window it is no more than one of Whisper's holds.
TOGETHER_SECONDS = 28.0
# What was said before a longer pause is another matter.
PAUSE_SECONDS = 3.0
# Before its first word the model is given so much.
LEAD_SECONDS = 0.4


class Past:
    """The latest final texts of a stream, in its seconds."""

    def __init__(self) -> None:
        self._said: deque[Segment] = deque()

    def add(self, segments: Sequence[Segment]) -> None:
        """Text that is final, of one window. What took a second try, or has no word, leads nobody
        astray."""
        said = joined(*segments)
        tries = [one.decoding.temperature for one in segments if one.decoding is not None]
        if any(tries) or not any(map(str.isalnum, said.text)):
            self.clear()
        else:
            self._said.append(said)

    def clear(self) -> None:
        """What comes does not follow it."""
        self._said.clear()

    def before(self, sound: Sound, end: float, most: float) -> Before | None:
        """What was said in up to ``most`` seconds before a window up to its second ``end``; None:
        nothing that helps."""
        while self._said and self._said[0].start < sound.start - sound.kept:
            self._said.popleft()
        first = sound.start - min(most, TOGETHER_SECONDS - end)
        said: Segment | None = None
        for one in reversed(self._said):
            follows = sound.start if said is None else said.start
            if one.start < first or follows - one.end > PAUSE_SECONDS:
                break
            said = one if said is None else joined(one, said)
        if said is None:
            return None
        seconds = min(sound.start - said.start + LEAD_SECONDS, sound.kept)
        wav = sound.wav(-seconds, end)
        return Before(wav=wav, seconds=seconds, said=moved_by(seconds - sound.start, said))
