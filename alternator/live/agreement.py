"""Which words of a text that is heard again and again will stay: local agreement.

Of two hypotheses in a row the longest common prefix is taken for sure (LocalAgreement-2):
Macháček, Dabre, Bojar, "Turning Whisper into Real-Time Transcription System",
https://arxiv.org/abs/2307.14743; ``HypothesisBuffer`` in
https://github.com/ufal/whisper_streaming/blob/main/whisper_online.py. There words have times, for
its buffer is cut in the middle of a sentence; here both hypotheses begin at the same moment, and
the words alone are compared.
"""

import re

# What is agreed on at once: a word with the space before it, or a single sign of scripts that put
# no space between words. Of those openai-whisper knows Chinese, Japanese, Thai, Lao and Burmese:
# https://github.com/openai/whisper/blob/v20250625/whisper/tokenizer.py (split_to_word_tokens)
UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff"
PIECE = re.compile(rf"\s*(?:[{UNSPACED}]|[^\s{UNSPACED}]+)")


class Agreement:
    """The words of one window, which grows at its end."""

    def __init__(self) -> None:
        self._sure: list[str] = []
        self._latest: list[str] = []

    @property
    def confirmed(self) -> str:
        """What two hypotheses in a row began with, as Whisper gives it. It only grows."""
        return "".join(self._sure)

    @property
    def tentative(self) -> str:
        """What the latest hypothesis says behind it."""
        count = len(self._sure)
        return "".join(self._latest[count:]) if self._latest[:count] == self._sure else ""

    def hear(self, text: str) -> None:
        """One more hypothesis about the window, from its beginning."""
        pieces = PIECE.findall(text)
        common = common_prefix(self._latest, pieces)
        # Words that were told can't be taken back; those that contradict them wait for the end.
        if len(common) > len(self._sure) and common[: len(self._sure)] == self._sure:
            self._sure = common
        self._latest = pieces


def common_prefix(one: list[str], other: list[str]) -> list[str]:
    """What both begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return other[:count]
