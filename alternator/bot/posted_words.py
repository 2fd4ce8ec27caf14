"""Words of a model or a recording as they may stand in a post: nobody is named, and nothing is cut.

A description holds any text. In a post the same text does things: "@name" tells that person of it
and, in a direct message, sends it to them; "#word" lists it among posts about that. Altbot writes
"[@]" for that reason: https://github.com/micr0-dev/Altbot/blob/main/main.go (postProcessAltText).
"""

import re

# Breaks a name from its sign and shows nothing: https://www.unicode.org/charts/PDF/U2000.pdf
WORD_JOINER = "\u2060"
ACTIVE = re.compile(r"([@#\uff03\uff20])(?=\w)")
# Servers count each address as so many characters, however long it is.
# https://github.com/mastodon/mastodon/blob/v4.4.8/app/models/status.rb (URL_PLACEHOLDER_CHARS)
LINK = re.compile(r"https?://\S+")
LINK_CHARACTERS = 23
# Where a text is parted, the best first: between paragraphs, lines, sentences, words.
ENDS = ("\n\n", "\n", ". ", " ")


def inactive(text: str) -> str:
    """The text with names and hashtags in it that are none to a server."""
    return ACTIVE.sub(rf"\1{WORD_JOINER}", text)


def weight(text: str) -> int:
    """The characters of a post, as a server counts them; rather too many than too few."""
    return len(text) + sum(max(LINK_CHARACTERS - len(link), 0) for link in LINK.findall(text))


def in_parts(text: str, limit: int) -> list[str]:
    """The text as posts of up to ``limit`` characters each, one at least, with nothing left out."""
    assert limit > 0
    parts = []
    while weight(text) > limit:
        end = end_of_part(text, limit)
        parts.append(text[:end].strip())
        text = text[end:].strip()
    return [part for part in (*parts, text) if part] or [""]


def end_of_part(text: str, limit: int) -> int:
    """Where the first part of a text ends that is too long for one."""
    most = limit
    while most > 1 and weight(text[:most]) > limit:
        most -= 1
    for end in ENDS:
        found = text.rfind(end, 0, most)
        if found + len(end) > most // 2 and found > 0:
            return found + len(end)
    return most
