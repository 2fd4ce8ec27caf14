"""What a reader neither sees nor hears: removed, unless the text beside it needs it.

Some of it does harm: an override of the direction shows a text backwards, tags and selectors can
hide a whole message, and a screen reader spells some of them out.
"""

import re
import unicodedata

# Code points that show nothing: Default_Ignorable_Code_Point of
# https://www.unicode.org/Public/16.0.0/ucd/DerivedCoreProperties.txt
# and annotation anchors, https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-23/.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Bytes that are no text, halves of pairs, code points that stand for nothing that all agree on.
NO_TEXT = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffe\uffff"
    "\U0001fffe\U0001ffff\U000f0000-\U0010ffff]"
)
LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
BLANK_BRAILLE = "\u2800"
JOINERS = "\u200c\u200d"
DIRECTION_MARKS = "\u061c\u200e\u200f"
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
MONGOLIAN_SELECTORS = "\u180b\u180c\u180d\u180f"
# The flags of England, Scotland and Wales: https://www.unicode.org/reports/tr51/#emoji_tag_sequences
FLAG = re.compile("\U0001f3f4[\U000e0061-\U000e007a]{2,6}\U000e007f")
TAG = re.compile("[\U000e0000-\U000e007f]")
MISREAD = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
# As many marks as any script stacks on a letter; more make a text climb over its neighbours.
MOST_MARKS = 6
MARKS = re.compile(r"(?:[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]){7,}")
# https://www.unicode.org/reports/tr44/#Canonical_Combining_Class_Values
VIRAMA = 9
WIDE_GAP = re.compile(r"[^\S\n]{9,}")
TRAILING_BLANKS = re.compile(r"[^\S\n]+$", re.MULTILINE)
EMPTY_LINES = re.compile(r"\n{3,}")
# What a line of dots, dashes or blanks to fill in is drawn with.
RULE = re.compile(r"([._\-=*#~–—…!?·\u2500-\u257f])\1{9,}")


def visible(text: str) -> str:
    """The text as everybody gets to see it: no controls, overrides, tags, nothing hidden.

    Joiners, variation selectors and direction marks stay where a script or an emoji needs them.
    """
    if any("\ud800" <= character <= "\udfff" for character in text):
        # JSON may write one character as two halves; a half alone is none.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    text = LINE_ENDS.sub("\n", text).replace("\t", " ")
    text = NO_TEXT.sub("", text)
    if INVISIBLE.search(text):
        text = _without_hidden(text)
    text = MARKS.sub(lambda found: found.group()[:MOST_MARKS], text)
    text = WIDE_GAP.sub(" ", text)
    text = TRAILING_BLANKS.sub("", text)
    text = RULE.sub(r"\1\1\1", text)
    return EMPTY_LINES.sub("\n\n", text).strip()


def repaired(text: str) -> str:
    """The text if it was UTF-8 read as Windows-1252 ("cafÃ©"), else as it is.

    All of it has to fit, which no text does by chance.
    """
    if not MISREAD.search(text):
        return text
    try:
        content = b"".join(_byte(character) for character in text)
        return content.decode("utf-8")
    except UnicodeError:
        return text


def shows_something(text: str) -> bool:
    """Whether there is a letter, a digit or a symbol in it."""
    return any(
        unicodedata.category(character)[0] in "LNS" and character != BLANK_BRAILLE
        for character in text
    )


def _byte(character: str) -> bytes:
    """The byte that Windows-1252 reads as this character, or that it has no character for."""
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")


def _without_hidden(text: str) -> str:
    """The text without invisible characters that do nothing for their neighbours."""
    flags = {
        position for flag in FLAG.finditer(text) for position in range(flag.start(), flag.end())
    }
    right_to_left = any(
        unicodedata.bidirectional(character) in ("R", "AL") and not INVISIBLE.match(character)
        for character in text
    )
    kept: list[str] = []
    begun = False  # with something other than blanks
    for position, character in enumerate(text):
        if not INVISIBLE.match(character) or position in flags:
            kept.append(character)
            begun = begun or not character.isspace()
            continue
        before = kept[-1] if kept else ""
        if character in JOINERS:
            after = text[position + 1 : position + 2]
            needed = _joins(before, after)
        elif character in DIRECTION_MARKS:
            needed = right_to_left and begun and before not in DIRECTION_MARKS
        elif character in MONGOLIAN_SELECTORS:
            needed = "\u1800" <= before <= "\u18aa" and before not in MONGOLIAN_SELECTORS
        else:
            needed = bool(SELECTORS.match(character)) and _can_be_varied(before)
        if needed:
            kept.append(character)
    return "".join(kept)


def _joins(before: str, after: str) -> bool:
    """Whether a joiner between two characters changes how they look.

    In emoji, and in scripts whose letters join; those have no upper and lower case.
    https://www.unicode.org/reports/tr31/#Layout_and_Format_Control_Characters
    """
    if not before:
        return False
    if unicodedata.combining(before) == VIRAMA:
        return True
    return (
        bool(after)
        and unicodedata.category(before) in ("Lo", "Mn", "Mc", "Me", "So", "Sk", "Cn")
        and unicodedata.category(after) in ("Lo", "Mn", "Mc", "So", "Cn")
        and not INVISIBLE.match(after)
    )


def _can_be_varied(before: str) -> bool:
    """Whether a variation selector may follow: one, and something that is seen."""
    return bool(before) and not before.isspace() and not INVISIBLE.match(before)
