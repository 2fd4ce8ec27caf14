"""When each word was said: the way of the text through the sound, by where the decoder looked.

Side by side, the looks are those of the pass that chose the tokens (``Decoded.attention``): nothing
is decoded twice. The sequential way, which is openai-whisper's to the last word, takes a second
look as openai-whisper does, with the text alone, since there the next window begins at the last
word's end. The two differ by 0.02 s on the average (225 words of human speech, base).
https://github.com/openai/whisper/blob/v20250625/whisper/timing.py
"""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from alternator.speech.batched.asking import Force
from alternator.speech.batched.drafts import Draft, TimedWord
from alternator.speech.batched.window import Decoded
from alternator.speech.engines.time_warping import cheapest_path
from alternator.speech.engines.whisper_package import Tokenizer, timing

MEDIAN_WIDTH = 7  # openai-whisper's medfilt_width
POSITIONS_PER_SECOND = 50  # of the encoder
SENTENCE_ENDS = ".。!！?？"
LONGEST_MEDIAN = 0.7  # seconds


@dataclass(frozen=True, kw_only=True, eq=False)
class Looks:
    """Where the alignment heads looked: raw scores, (heads, rows, positions of 20 ms). ``rows`` are
    those that chose a text's tokens, and one more for what followed it; ``probabilities`` are the
    tokens'."""

    scores: torch.Tensor
    rows: list[int]
    probabilities: list[float]


# The looks at a text: its tokens' places in what was decoded.
Look = Callable[[Decoded, list[int]], Looks]


def same_pass(decoded: Decoded, places: list[int]) -> Looks:
    """Those of the pass that chose the tokens."""
    assert decoded.attention is not None
    # The step behind the last token tells where the last word ends.
    rows = [*places, places[-1] + 1]
    probabilities = [math.exp(decoded.token_logprobs[place]) for place in places]
    return Looks(scores=decoded.attention, rows=rows, probabilities=probabilities)


def second_look(force: Force, mel: torch.Tensor, tokenizer: Tokenizer) -> Look:
    """Those of the text alone, laid along a window's padded spectrogram."""

    def look(decoded: Decoded, places: list[int]) -> Looks:
        text = [decoded.tokens[place] for place in places]
        start = [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        scores, logits = force(mel, [*start, *text, tokenizer.eot])
        first = len(start) - 1
        likely = logits[first : first + len(text), : tokenizer.eot].softmax(dim=-1)
        return Looks(
            scores=scores,
            rows=list(range(first, first + len(text) + 1)),
            probabilities=likely[range(len(text)), text].tolist(),
        )

    return look


class WordTimer:
    """Gives the segments of a request's windows their words. ``prepended`` and ``appended`` are
    signs that belong to the next word and to the one before."""

    def __init__(self, tokenizer: Tokenizer, prepended: str, appended: str) -> None:
        self._tokenizer = tokenizer
        self._prepended = prepended
        self._appended = appended

    # size: a window, and what is known around it
    def time(
        self,
        drafts: list[Draft],
        offset: float,
        frames: int,
        last_end: float,
        look: Look = same_pass,
    ) -> None:
        """Put words into the segments of one window, and let those move their starts and ends.

        The window begins at ``offset`` seconds and has ``frames`` frames of 10 ms of sound;
        ``last_end`` is where the speech before it ended, in seconds.
        """
        if not drafts:
            return
        places = [
            [
                place
                for place in range(draft.first, draft.first + len(draft.tokens))
                if draft.decoded.tokens[place] < self._tokenizer.eot
            ]
            for draft in drafts
        ]
        flat = list(itertools.chain.from_iterable(places))
        words = self._align(drafts[0].decoded, flat, frames, look)
        median = _median_duration(words)
        if median is not None:
            _shorten_at_sentence_ends(words, 2 * median)
        timing.merge_punctuations(words, self._prepended, self._appended)
        remaining = iter(words)
        for draft, own in zip(drafts, places, strict=True):
            draft.words = _words_of(remaining, len(own), offset)
            if draft.words:
                _fit(draft, draft.words, median or 0.0, last_end)
                last_end = draft.end

    def _align(
        self, decoded: Decoded, places: list[int], frames: int, look: Look
    ) -> "list[timing.WordTiming]":
        """The words of the tokens at these places, in seconds from the window's start."""
        tokens = [decoded.tokens[place] for place in places]
        words, word_tokens = self._tokenizer.split_to_word_tokens([*tokens, self._tokenizer.eot])
        if len(word_tokens) <= 1:
            return []
        looks = look(decoded, places)
        text_path, time_path = cheapest_path(_costs(looks, max(1, frames // 2)))
        jumps = np.pad(np.diff(text_path), (1, 0), constant_values=1).astype(bool)
        times = time_path[jumps] / POSITIONS_PER_SECOND
        borders = np.pad(np.cumsum([len(own) for own in word_tokens[:-1]]), (1, 0))
        return [
            timing.WordTiming(
                word,
                own,
                float(times[first]),
                float(times[last]),
                float(np.mean(looks.probabilities[first:last])),
            )
            for word, own, first, last in zip(
                words[:-1], word_tokens[:-1], borders[:-1], borders[1:], strict=True
            )
        ]


def _costs(looks: Looks, positions: int) -> npt.NDArray[np.float64]:
    """What it costs to be at each position of the sound (columns) with each token (rows).

    A column is measured by all rows, those of timestamps too.
    """
    weights = looks.scores[..., :positions].float().softmax(dim=-1)
    deviation, mean = torch.std_mean(weights, dim=-2, keepdim=True, unbiased=False)
    # Where all rows look alike openai-whisper divides by zero.
    weights = (weights - mean) / deviation.clamp_min(1e-30)
    weights = timing.median_filter(weights, MEDIAN_WIDTH)
    matrix = weights.mean(dim=0)[looks.rows]
    costs: npt.NDArray[np.float64] = -matrix.double().cpu().numpy()
    return costs


def _median_duration(words: "list[timing.WordTiming]") -> float | None:
    """Of the words that have a length, in seconds; None if none has."""
    durations = np.array([word.end - word.start for word in words])
    durations = durations[durations.nonzero()]
    return min(LONGEST_MEDIAN, float(np.median(durations))) if len(durations) else None


def _shorten_at_sentence_ends(words: "list[timing.WordTiming]", longest: float) -> None:
    """A silence between two sentences belongs to no word: neither to the sign nor to the next."""
    for before, word in itertools.pairwise(words):
        if word.end - word.start > longest:
            if word.word in SENTENCE_ENDS:
                word.end = word.start + longest
            elif before.word in SENTENCE_ENDS:
                word.start = word.end - longest


def _words_of(
    remaining: "Iterator[timing.WordTiming]", count: int, offset: float
) -> list[TimedWord]:
    """The next words that make up ``count`` tokens; those merged into others are empty."""
    words: list[TimedWord] = []
    saved = 0
    while saved < count:
        word = next(remaining, None)
        if word is None:
            break
        if word.word:
            words.append(
                TimedWord(
                    start=round(offset + word.start, 2),
                    end=round(offset + word.end, 2),
                    text=word.word,
                    probability=word.probability,
                )
            )
        saved += len(word.tokens)
    return words


def _fit(draft: Draft, words: list[TimedWord], median: float, last_end: float) -> None:
    """Words at a segment's borders that are too long are shortened, and the segment is fitted.

    openai-whisper's rules, to the letter (add_word_timestamps).
    """
    longest = 2 * median
    first, last = words[0], words[-1]
    second = words[1] if len(words) > 1 else None
    after_pause = first.end - last_end > median * 4
    if after_pause and (
        first.end - first.start > longest
        or (second is not None and second.end - first.start > longest * 2)
    ):
        if second is not None and second.end - second.start > longest:
            border = max(second.end / 2, second.end - longest)
            first.end = second.start = border
        first.start = max(0, first.end - longest)
    if draft.start < first.end and draft.start - 0.5 > first.start:
        first.start = max(0, min(first.end - median, draft.start))
    else:
        draft.start = first.start
    if draft.end > last.start and draft.end + 0.5 < last.end:
        last.end = max(last.start + median, draft.end)
    else:
        draft.end = last.end
