"""Words that are said over and over: a model that runs in a circle, rarely a person."""

from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 12  # words of a phrase that may repeat


@dataclass(frozen=True, kw_only=True)
class Loop:
    """From word ``first`` on, a phrase of ``length`` words stands ``times`` times in a row."""

    first: int
    length: int
    times: int

    @property
    def last(self) -> int:
        """The word behind it."""
        return self.first + self.length * self.times


def longest_loop(words: Sequence[str]) -> Loop | None:
    """The loop that covers most words; None if nothing stands there twice in a row.

    ``words`` as they are compared: without case and punctuation (see ``plain``).
    """
    best: Loop | None = None
    for length in range(1, min(LONGEST, len(words) // 2) + 1):
        run = 0  # words in a row that equal the one ``length`` before them
        for place in range(length, len(words)):
            run = run + 1 if words[place] == words[place - length] else 0
            times = run // length + 1
            if times > 1 and (best is None or times * length > best.length * best.times):
                best = Loop(first=place + 1 - run - length, length=length, times=times)
    return best


def plain(text: str) -> list[str]:
    """Words without case and without signs, as far as anything is left of them."""
    kept = ("".join(sign for sign in word if sign.isalnum()).casefold() for word in text.split())
    return [word for word in kept if word]
