"""How many words a transcript has wrong.

Words are compared as OpenAI's paper does it (https://arxiv.org/abs/2212.04356, appendix C): English
with numbers, contractions and spellings made alike, other languages without case and punctuation.
"""

import functools
import random
from collections.abc import Sequence
from dataclasses import dataclass

from whisper.normalizers import BasicTextNormalizer, EnglishTextNormalizer


@dataclass(frozen=True, kw_only=True)
class Errors:
    """Of ``words`` that were said, ``wrong`` were put in, left out or replaced."""

    words: int
    wrong: int


def normalised(text: str, language: str) -> list[str]:
    """The words of a text in the form in which they are compared."""
    if language == "en":
        return str(_english()(text)).split()
    return str(BasicTextNormalizer()(text)).replace("ё", "е").split()


def errors(said: str, heard: str, language: str) -> Errors:
    """The least changes of words that make one text the other."""
    reference, other = normalised(said, language), normalised(heard, language)
    row = list(range(len(other) + 1))
    for place, word in enumerate(reference, 1):
        diagonal, row[0] = row[0], place
        for column, found in enumerate(other, 1):
            change = diagonal + (word != found)
            diagonal = row[column]
            row[column] = min(change, diagonal + 1, row[column - 1] + 1)
    return Errors(words=len(reference), wrong=row[-1])


def missing(said: str, heard: str, language: str) -> list[str]:
    """The words that were said and are not in what was heard, in order."""
    reference, other = normalised(said, language), normalised(heard, language)
    lengths = [[0] * (len(other) + 1) for _ in range(len(reference) + 1)]
    for i, word in enumerate(reference):
        for j, found in enumerate(other):
            longest = max(lengths[i][j + 1], lengths[i + 1][j])
            lengths[i + 1][j + 1] = lengths[i][j] + 1 if word == found else longest
    lost = []
    i, j = len(reference), len(other)
    while i:
        if j and reference[i - 1] == other[j - 1]:
            i, j = i - 1, j - 1
        elif j and lengths[i][j - 1] >= lengths[i - 1][j]:
            j -= 1
        else:
            i -= 1
            lost.append(reference[i])
    return lost[::-1]


def rate(counts: Sequence[Errors]) -> float:
    """The word error rate of all of them together, 0.05 for 5 %."""
    return sum(count.wrong for count in counts) / max(1, sum(count.words for count in counts))


def ratio_interval(
    ours: Sequence[Errors], theirs: Sequence[Errors], *, draws: int = 2000, seed: int = 1
) -> tuple[float, float]:
    """Between which ratios of the two rates 95 % of paired bootstrap draws of the lines lie.

    Bisani and Ney, Bootstrap estimates for confidence intervals in ASR performance evaluation
    (ICASSP 2004): https://doi.org/10.1109/ICASSP.2004.1326009
    """
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} and {len(theirs)} lines can't be compared in pairs")
    chance = random.Random(seed)
    pairs = [(one.wrong, other.wrong) for one, other in zip(ours, theirs, strict=True)]
    ratios = []
    for _ in range(draws):
        drawn = chance.choices(pairs, k=len(pairs))
        below = sum(other for _, other in drawn)
        ratios.append(sum(one for one, _ in drawn) / below if below else 1.0)
    ratios.sort()
    return ratios[round(0.025 * (draws - 1))], ratios[round(0.975 * (draws - 1))]


@functools.cache
def _english() -> EnglishTextNormalizer:
    return EnglishTextNormalizer()
