"""Words that nobody said: found by measures, never by a list of phrases alone.

Whisper was trained on subtitles: on sound without speech it writes what they say there, or runs
in a circle. The measures: the voice detector hears nothing where the words are; the model takes the
window for silence and its own words for unlikely; a phrase repeats more often, or faster, than
anybody speaks. ``invented.toml`` has the limits and where they come from, and phrases that are
often invented: such a text needs less of the other measures to count as invented, and some.
"""

import functools
import math
import tomllib
from dataclasses import dataclass
from importlib import resources

from alternator.speech.batched.drafts import Draft, TimedWord
from alternator.speech.batched.repeats import longest_loop, plain
from alternator.speech.batched.voiced import Voice


@dataclass(frozen=True, kw_only=True)
class Limits:
    """``invented.toml``, table ``limits``; it says what each is."""

    voice_peak: float
    voice_share: float
    doubtful_voice_share: float
    doubtful_no_speech: float
    doubtful_logprob: float
    loop_times: int
    loop_words_per_second: float
    loop_signs_per_second: float
    loop_voice_share: float
    same_segments: int


@functools.cache
def limits() -> tuple[Limits, frozenset[str]]:
    """The limits, and the phrases as ``plain`` writes them."""
    text = (resources.files(__package__) / "invented.toml").read_text("utf-8")
    table = tomllib.loads(text)
    phrases = frozenset(" ".join(plain(phrase)) for phrase in table["phrases"]["often_invented"])
    return Limits(**table["limits"]), phrases


class Inventions:
    """Takes invented words out of one request's segments, which come in their order."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._limits, self._phrases = limits()
        self._before: list[str] = []  # the words of the segment before
        self._same = 1  # how often it came in a row

    def without(self, drafts: list[Draft]) -> list[Draft]:
        """The segments of a window that somebody said."""
        kept = []
        for draft in drafts:
            if self._is_unheard(draft) or self._is_doubtful(draft) or self._is_again(draft):
                continue
            self._unwind(draft)
            kept.append(draft)
        return kept

    def _is_unheard(self, draft: Draft) -> bool:
        """Whether the voice detector hears nobody where it stands."""
        start, end = _stretch(draft)
        return self._voice.peak(start, end) < self._limits.voice_peak

    def _is_doubtful(self, draft: Draft) -> bool:
        """Whether several measures speak against it. A phrase that is often invented is one of
        them, and none by itself."""
        start, end = _stretch(draft)
        decoded, known = draft.decoded, self._limits
        share = self._voice.share(start, end)
        signs = [
            share < known.doubtful_voice_share,
            decoded.no_speech_prob > known.doubtful_no_speech,
            decoded.avg_logprob < known.doubtful_logprob,
            " ".join(plain(draft.text)) in self._phrases,
        ]
        return (share < known.voice_share and sum(signs) >= 2) or sum(signs) >= 3

    def _is_again(self, draft: Draft) -> bool:
        """Whether the same segment comes too often in a row, without enough voice for it."""
        words = plain(draft.text)
        self._same = self._same + 1 if words and words == self._before else 1
        self._before = words
        start, end = _stretch(draft)
        return (
            self._same > self._limits.same_segments
            and self._voice.share(start, end) < self._limits.loop_voice_share
        )

    def _unwind(self, draft: Draft) -> None:
        """Cut a loop inside of a segment down to one turn, if nobody could say it so fast, or the
        voice detector hears little of it."""
        units, glue, fastest = _units(draft.text, self._limits)
        loop = longest_loop(["".join(plain(unit)) for unit in units])
        if loop is None or loop.times < self._limits.loop_times:
            return
        start, end = _stretch(draft)
        speed = len(units) / max(end - start, 0.1)
        if speed < fastest and self._voice.share(start, end) >= self._limits.loop_voice_share:
            return
        first = loop.first + loop.length
        space = " " if draft.text.startswith(" ") else ""
        draft.text = space + glue.join(units[:first] + units[loop.last :])
        if draft.words is not None and len(draft.words) == len(units):
            draft.words[first : loop.last] = []


def _units(text: str, known: Limits) -> tuple[list[str], str, float]:
    """What may repeat, what stands between, and how many a second are too many: words, or signs
    where a language sets no spaces."""
    words = text.split()
    if len(words) > 1:
        return words, " ", known.loop_words_per_second
    return list(text.strip()), "", known.loop_signs_per_second


def _stretch(draft: Draft) -> tuple[float, float]:
    """Where its words are, in seconds; timestamps of segments begin up to a second early."""
    words: list[TimedWord] = draft.words or []
    if words:
        return words[0].start, words[-1].end
    return draft.start, max(draft.end, math.nextafter(draft.start, math.inf))
