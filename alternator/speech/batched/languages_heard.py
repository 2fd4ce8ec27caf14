"""The language of a file, from what was detected in its first windows of speech.

openai-whisper listens to the first 30 s, whatever is in them. Here the probabilities of the first
few windows are added up, each by its length: one short call at the beginning decides nothing.
"""

from collections import defaultdict

from alternator.speech.batched.window import Decoded

WINDOWS = 3  # that have a say


class LanguagesHeard:
    """``known`` is the language where it needs no detection; the file has so many ``windows``.

    ``decided`` is Whisper's code as soon as it is known, ``probability`` how sure it is, None where
    it was known before.
    """

    def __init__(self, known: str | None, *, windows: int) -> None:
        self.decided = known
        self.probability: float | None = None
        self._missing = set(range(min(WINDOWS, windows)))
        self._seconds = 0.0
        self._sums: defaultdict[str, float] = defaultdict(float)

    def heard(self, window: int, decoded: Decoded, seconds: float) -> None:
        """A window was decoded in the language that was detected in it."""
        if window not in self._missing:
            return
        self._missing.discard(window)
        self._seconds += seconds
        for language, probability in decoded.language_probabilities.items():
            self._sums[language] += probability * seconds
        if not self._missing:
            self.decided = max(self._sums, key=lambda language: self._sums[language])
            self.probability = self._sums[self.decided] / self._seconds
