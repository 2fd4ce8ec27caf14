"""Fits descriptions into a server's limit. Lengths are in characters (Unicode code points)."""

import re
import unicodedata

ELLIPSIS = "…"
SENTENCE_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？]+[」』）]*")
ZERO_WIDTH_JOINER = "\u200d"
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
    end = limit - len(ELLIPSIS)
    while end > 0 and joins_left(text[end]):
        end -= 1
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


def joins_left(character: str) -> bool:
    """Whether a character belongs to the one before it: an accent, or part of an emoji."""
    marks = ("Mn", "Me", "Mc")
    skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return unicodedata.category(character) in marks or skin_tone or character == ZERO_WIDTH_JOINER
