"""Puts the words that a server tells into its segments.

OpenAI tells them in a list of their own, without the spaces and the punctuation around them. What
is ours has both, so that a segment's words make its text.
"""

import dataclasses
from collections.abc import Sequence

from alternator.speech.transcript import Segment, Word

# How far behind the last word the next one is looked for, in characters beside its own.
NEAR = 80


def with_words(segments: Sequence[Segment], words: Sequence[Word]) -> tuple[Segment, ...]:
    """The segments with their words; those whose text does not show them have them by time."""
    if not segments:
        return ()
    ends, text = [], ""
    for segment in segments:
        text += segment.text
        ends.append(len(text))
    places = _places(text, words)
    if places is None:
        return _by_time(segments, words)
    return _by_text(segments, words, places, text)


def _places(text: str, words: Sequence[Word]) -> list[tuple[int, int]] | None:
    """Where each word stands in the text; None if one of them does not."""
    found, cursor = [], 0
    for word in words:
        bare = word.text.strip()
        at = text.find(bare, cursor, cursor + len(bare) + NEAR)
        if not bare or at < 0:
            return None
        cursor = at + len(bare)
        found.append((at, cursor))
    return found


# size: the segments, their words, and the text of all with the words' places in it
def _by_text(
    segments: Sequence[Segment],
    words: Sequence[Word],
    places: Sequence[tuple[int, int]],
    text: str,
) -> tuple[Segment, ...]:
    made, begin, number = [], 0, 0
    for segment in segments:
        end = begin + len(segment.text)
        own = []
        while number < len(words) and places[number][0] < end:
            own.append(number)
            number += 1
        # From one border to the next: all of the segment's text is some word's.
        borders = [_border(text, places[one][1], places[one + 1][0]) for one in own[:-1]]
        edges = [begin, *borders, end]
        told = tuple(
            dataclasses.replace(words[one], text=text[edges[place] : edges[place + 1]])
            for place, one in enumerate(own)
        )
        made.append(dataclasses.replace(segment, words=told))
        begin = end
    return tuple(made)


def _border(text: str, end: int, start: int) -> int:
    """Between a word that ends and one that starts: before the last space, else behind all."""
    between = text[end:start]
    stripped = between.rstrip()
    if stripped != between:
        return end + len(stripped)
    space = max(between.rfind(" "), between.rfind("\n"))
    return start if space < 0 else end + space


def _by_time(segments: Sequence[Segment], words: Sequence[Word]) -> tuple[Segment, ...]:
    """Each word to the last segment that has begun when it begins."""
    own: list[list[Word]] = [[] for _ in segments]
    for word in words:
        begun = [number for number, segment in enumerate(segments) if segment.start <= word.start]
        text = f" {word.text.strip()}"
        own[begun[-1] if begun else 0].append(dataclasses.replace(word, text=text))
    return tuple(
        dataclasses.replace(segment, words=tuple(found))
        for segment, found in zip(segments, own, strict=True)
    )
