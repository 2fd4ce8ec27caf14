"""What a model says to the person who asked: it is no part of a description.

Quoted stretches are no chatter: a picture may show any sentence.
"""

import re
from collections.abc import Iterator

from alternator.alt_text.check.fault import Fault
from alternator.alt_text.check.phrases import pattern

# As long as the text itself, so that places in both are the same.
APOSTROPHES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "\u00a0": " ", "\u202f": " "})
QUOTED = re.compile(
    r"\"[^\"]{0,2000}\"|“[^”]{0,2000}”|„[^“”]{0,2000}[“”]|«[^»]{0,2000}»|»[^«]{0,2000}«"
    r"|‹[^›]{0,2000}›|「[^」]{0,2000}」|『[^』]{0,2000}』|《[^》]{0,2000}》|`[^`]{0,2000}`"
    r"|‘(?:[^’\n]|(?<=\w)’(?=\w)){0,2000}’(?!\w)|(?<!\w)'(?:[^'\n]|(?<=\w)'(?=\w)){0,2000}'(?!\w)"
)
BLANK = "\u25af"
SENTENCE_START = re.compile(r"(?<=[.!?…][\"'”»)\]])\s+|(?<=[.!?…])\s+|(?<=[。！？])\s*|\n+")
# "The image you uploaded shows": the words to the person who asked.
TO_YOU = re.compile(
    r"\A((?:the|this) (?:image|picture|photo|photograph|screenshot))(?: that)? you(?:'ve| have)?"
    r"(?: just)? (?:provided|uploaded|shared|sent|attached|posted|included|submitted)\b",
    re.IGNORECASE,
)
SEVERAL = re.compile(
    r"(?:sure|certainly|of course)?[!,. ]*here (?:are|is) (?:a few|some|several|two|three|four|"
    r"five|a couple of|multiple|\d+)\b[^:\n]{0,80}\b(?:options|versions|alternatives|variations|"
    r"suggestions|ideas|texts|descriptions|possibilities)",
    re.IGNORECASE,
)
OPTION = re.compile(
    r"^\W{0,6}(?:option|version|variante?|opción|opção|opzione|optie|alternativa?e?|вариант|варіант|"
    r"选项|方案|版本|옵션|オプション|案|vaihtoehto|opcja|wariant|možnost|varianta|seçenek|mulighed|valg|"
    r"alternativ)\s?(?:nr\.?|no\.?|#)?\s?([12１２abAB一二])(?!\w)",
    re.IGNORECASE | re.MULTILINE,
)
COUNT_LINE = re.compile(
    r"(?:\n+|(?<=[.!?。！？])\s+)(?P<line>[(\[（]?[^()\[\]\n（）]{1,60}[)\]）]?)\Z"
)
COUNTED = re.compile(r"\d")
IN_BRACKETS = re.compile(r"[(\[（].*[)\]）]\Z")
LABELLED = re.compile(r"[^:：\n]{0,40}[:：]\s*~?\d[\d.,]*[^:：\n]{0,24}\Z")
MOST_ENDINGS = 4


def shadow(text: str) -> str:
    """The text as the phrases are looked for in it: plain apostrophes, quotations blanked out."""
    text = QUOTED.sub(lambda quoted: BLANK * len(quoted.group()), text)
    return text.translate(APOSTROPHES)


def refuses(text: str, given: str = "") -> bool:
    """Whether the answer refuses, asks for the picture or speaks of the model itself.

    What stands in the ``given`` text as well was said there.
    """
    seen = shadow(text)
    for start in _sentence_starts(seen):
        kinds = ("refusal", "anywhere") if start == 0 else ("anywhere",)
        for kind in kinds:
            found = pattern(kind).match(seen, start)
            if found and not _said(_sentence(text, start), given):
                return True
    return False


def thinks_aloud(text: str, given: str = "") -> bool:
    """Whether the answer begins with a model's plans for it."""
    found = pattern("thoughts").match(shadow(text))
    return found is not None and not _said(_sentence(text, 0), given)


def one_text(text: str) -> str | Fault:
    """The text, unless it offers several ones to choose from."""
    first = OPTION.match(text)
    numbers = {found[1].lower() for found in OPTION.finditer(text)}
    if SEVERAL.match(shadow(text)) or (first and len(numbers) > 1):
        return Fault.CHOICE
    return text


def without_lead_in(text: str, given: str = "") -> str:
    """The text without what announces it: "Here is the alt text:"."""
    seen = shadow(text)
    for kind in ("lead", "title", "polite"):
        found = pattern(kind).match(seen)
        if found and found.end() < len(text) and not _said(text[: found.end()], given):
            return text[found.end() :].lstrip()
    return TO_YOU.sub(r"\1", text)


def without_ending(text: str, given: str = "") -> str:
    """The text without its last sentences where they are for the person who asked."""
    for _ in range(MOST_ENDINGS):
        text = _without_count(text)
        seen = shadow(text)
        start = max(_sentence_starts(seen), default=0)
        found = pattern("ending").match(seen, start)
        if start == 0 or found is None or _said(_sentence(text, start), given):
            return text
        if ":" in seen[:start] and "\n" not in text[len(text[:start].rstrip()) : start]:
            return text  # a letter that the picture shows may end like this
        text = text[:start].rstrip()
    return text


def _without_count(text: str) -> str:
    """The text without a last line that counts its characters."""
    found = COUNT_LINE.search(text)
    if found is None:
        return text
    line = found["line"]
    counts = COUNTED.search(line) and pattern("count").search(line)
    if counts and (IN_BRACKETS.match(line) or LABELLED.match(line)):
        return text[: found.start()].rstrip()
    return text


def _sentence_starts(seen: str) -> Iterator[int]:
    """Where sentences begin. A line below a colon is what that line shows."""
    yield 0
    for gap in SENTENCE_START.finditer(seen):
        if gap.end() < len(seen) and seen[: gap.start()].rstrip()[-1:] not in (":", "："):
            yield gap.end()


def _sentence(text: str, start: int) -> str:
    """The sentence that begins here, without what ends it."""
    return re.split(r"[.!?…。！？\n]", text[start:], maxsplit=1)[0]


def _said(words: str, given: str) -> bool:
    """Whether these words stand in the text that the model was given."""
    return (
        bool(given)
        and bool(words.strip())
        and " ".join(words.split()).lower() in " ".join(given.split()).lower()
    )
