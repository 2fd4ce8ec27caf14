"""Fits descriptions into a limit. Lengths are in characters (Unicode code points).

A text is only cut between what a reader takes for characters: an accent, a skin tone, a flag or a
family stays whole.
"""

import re

ELLIPSIS = "…"
# The last two end sentences in India's scripts.
SENTENCE_END = re.compile(r"[.!?…\u0964\u0965]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[」』）]*")
# Below this much room for the text itself an attribution would push out what it attributes.
LEAST_TEXT = 40


def compose(text: str, attribution: str, limit: int) -> str:
    """The text with the attribution below it, within ``limit``.

    The text gives way, at a word's end; the attribution stays whole.
    """
    room = room_beside(attribution, limit)
    text = cut_at_word(text, room)
    return text if room == limit else f"{text}\n\n{attribution}"


def room_beside(attribution: str, limit: int) -> int:
    """How many characters a text may have with this attribution below it.

    All of them where hardly any would remain: then it goes without the attribution.
    """
    room = limit - len(attribution) - 2
    return room if room >= LEAST_TEXT else limit


def cut_at_word(text: str, limit: int) -> str:
    """The text if it fits, else its beginning up to the end of a word, and an ellipsis."""
    text = text.strip()
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    end = whole_characters(text, limit - len(ELLIPSIS))
    head = text[:end]
    if not text[end].isspace():
        # Scripts without spaces, and words longer than half of it all, are cut where they are.
        space = max(head.rfind(" "), head.rfind("\n"))
        if space > end // 2:
            head = head[:space]
    return head.rstrip(" \n\t,;:-–—") + ELLIPSIS


def cut_at_sentence(text: str, limit: int) -> str:
    """The text if it fits, else its beginning up to the end of a sentence, and an ellipsis.

    At a word's end where no sentence ends in the second half.
    """
    text = text.strip()
    if len(text) <= limit:
        return text
    room = limit - len(ELLIPSIS) - 1
    ends = [match.end() for match in SENTENCE_END.finditer(text) if match.end() <= room]
    if not ends or ends[-1] < room // 2:
        return cut_at_word(text, limit)
    return f"{text[: ends[-1]]} {ELLIPSIS}"


def whole_characters(text: str, end: int) -> int:
    """The last place up to ``end`` that does not lie within a character as a reader takes it.

    https://www.unicode.org/reports/tr29/#Grapheme_Cluster_Boundaries
    """
    import regex  # where nothing is cut, nobody waits for its tables

    place = 0
    for found in regex.finditer(r"\X", text):
        if found.end() > end:
            break
        place = found.end()
    return place
