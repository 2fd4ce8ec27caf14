"""Text that looks invented by its words' times, and the silence around it, which is skipped.

openai-whisper's ``hallucination_silence_threshold``, rule by rule:
https://github.com/openai/whisper/blob/v20250625/whisper/transcribe.py
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alternator.speech.batched.drafts import (
    WINDOW_FRAMES,
    Draft,
    TimedWord,
    frames_of,
    last_end,
    seconds,
)

PUNCTUATION = "\"'“¿([{-\"'.。,，!！?？:：”)]}、"


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A window that was cut into segments with words.

    ``start``, ``frames`` and ``seek``: where it begins, how much of it is sound, and where the
    next one would begin, in frames of 10 ms; ``total`` is the whole file. ``ended`` as Cut.ended,
    ``speech_end`` where the speech before it ended, in seconds.
    """

    start: int
    frames: int
    seek: int
    total: int
    ended: bool
    speech_end: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """What is left of it: segments, and where the next window begins. ``again``: all of it was
    skipped, and counts for nothing."""

    drafts: list[Draft]
    seek: int
    again: bool = False


def skip_silence(drafts: list[Draft], heard: Heard, threshold: float) -> Kept:
    """Silence longer than ``threshold`` seconds around text that looks invented is skipped."""
    seek = _after_last_word(drafts, heard, threshold)
    first = _next_with_words(drafts)
    if first is not None and is_anomaly(first):
        gap = first.start - seconds(heard.start)
        if gap > threshold:
            return Kept(drafts=[], seek=heard.start + frames_of(gap), again=True)
    before = heard.speech_end
    for place, draft in enumerate(drafts):
        if not draft.words:
            continue
        following = _next_with_words(drafts[place + 1 :])
        if is_anomaly(draft) and _is_alone(draft, following, before, heard, threshold):
            seek = frames_of(max(seconds(heard.start) + 1, draft.start))
            if seconds(heard.total) - draft.end < threshold:
                seek = heard.total
            return Kept(drafts=drafts[:place], seek=seek)
        before = draft.end
    return Kept(drafts=drafts, seek=seek)


def is_anomaly(draft: Draft | None) -> bool:
    """Whether its first words are too long, too short or too unlikely to be real."""
    if draft is None or not draft.words:
        return False
    words = [word for word in draft.words if word.text not in PUNCTUATION][:8]
    score = sum(map(_anomaly, words))
    return score >= 3 or score + 0.01 >= len(words)


def _after_last_word(drafts: list[Draft], heard: Heard, threshold: float) -> int:
    """Where the next window begins if much of this one is silent behind its last word."""
    end = last_end(drafts)
    if heard.ended or end is None or end <= seconds(heard.start):
        return heard.seek
    if seconds(heard.start + WINDOW_FRAMES) - end > threshold:
        return frames_of(end)
    return heard.start + heard.frames


def _is_alone(
    draft: Draft, following: Draft | None, before: float, heard: Heard, threshold: float
) -> bool:
    """Whether there is silence, or more of its kind, on both sides of it."""
    start, end = seconds(heard.start), seconds(heard.start + WINDOW_FRAMES)
    silence_before = (
        draft.start - before > threshold or draft.start < threshold or draft.start - start < 2.0
    )
    if following is not None and following.words:
        next_start = following.words[0].start
    else:
        next_start = start + seconds(heard.frames)
    silence_after = (
        next_start - draft.end > threshold or is_anomaly(following) or end - draft.end < 2.0
    )
    return silence_before and silence_after


def _anomaly(word: TimedWord) -> float:
    score = 0.0
    duration = word.end - word.start
    if word.probability < 0.15:
        score += 1.0
    if duration < 0.133:
        score += (0.133 - duration) * 15
    if duration > 2.0:
        score += duration - 2.0
    return score


def _next_with_words(drafts: Sequence[Draft]) -> Draft | None:
    return next((draft for draft in drafts if draft.words), None)
