"""The numbers that decide what is one voice, and where they come from."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Cosine similarities, from 0 to 1, and seconds of speech.

    ``similarity``: two groups of windows whose members are as similar as this on the average are
    one. ``centres``: two groups whose mean embeddings are as similar as this are one speaker.

    ``short``: the similarity where more than half of the windows are shorter than ``brief``
    seconds, since nobody says more than a word or two at a time. Short windows of one voice are
    less alike: on the fitted voices from 0.56 to 0.66 was right, and 0.66 is its end.

    ``share`` of all speech, but at least ``fewest`` seconds and never more than ``enough``: a group
    that has less is no speaker, but strays of one.

    ``change_within`` a stretch of speech, and ``change_between`` two of them: how much more a
    window must be like another speaker before the speaker changes.

    The defaults were chosen with ``python -m bench.speakers --fit``, on voices that are not among
    those on which docs/speakers.md judges them.
    """

    similarity: float = 0.66
    short: float = 0.6
    brief: float = 1.3
    centres: float = 0.85
    share: float = 0.12
    fewest: float = 2.0
    enough: float = 9.0
    change_within: float = 0.1
    change_between: float = 0.0

    def least(self, seconds: float) -> float:
        """How much of ``seconds`` of speech a speaker has at least."""
        return max(self.fewest, min(self.share * seconds, self.enough))


FITTED = Limits()
