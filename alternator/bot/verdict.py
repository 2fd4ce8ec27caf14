"""What an author's answer to a draft says: yes, no, or other words for an attachment.

An answer is a word ("ok", "no"), or lines that begin with an attachment's place ("2: A red boat").
A description takes the lines below it as well, up to the next place or to a word by itself. "2: no"
takes the text of the second one out. Words of the author's own need no further yes where they are
for all that is left of the draft.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

PLACE = re.compile(r"\s*(\d{1,2})\s*[:.)]\s*(.*)")


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``approved`` is None where nothing is said of that; ``texts`` by place, None: left out."""

    approved: bool | None = None
    texts: Mapping[int, str | None] = field(default_factory=dict)

    @property
    def says_nothing(self) -> bool:
        """Whether it could not be understood."""
        return self.approved is None and not self.texts


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """The words that mean yes and no, case-folded."""

    approve: frozenset[str]
    refuse: frozenset[str]


def vocabulary(approve: Collection[str], refuse: Collection[str]) -> Vocabulary:
    """The words as they are compared."""
    return Vocabulary(approve=frozenset(map(bare, approve)), refuse=frozenset(map(bare, refuse)))


def verdict_of(words: str, known: Vocabulary) -> Verdict:
    """What an answer says."""
    approved: bool | None = None
    texts: dict[int, str | None] = {}
    place: int | None = None
    for line in words.splitlines():
        found = PLACE.fullmatch(line)
        word = bare(line)
        if found is not None:
            place = int(found[1])
            texts[place] = found[2].strip()
        elif word in known.approve or word in known.refuse:
            approved, place = word in known.approve, None
        elif place is not None and word:
            # A line's end and a paragraph's are not told apart in what a post shows.
            texts[place] = f"{texts[place]}\n{line.strip()}"
        elif word:
            return Verdict()  # words that were not expected: rather ask than guess
    for place, text in list(texts.items()):
        said = bare(text or "")
        if said in known.approve or not said:
            del texts[place]
        elif said in known.refuse:
            texts[place] = None
        else:
            texts[place] = (text or "").strip()
    return Verdict(approved=approved, texts=texts)


def bare(word: str) -> str:
    """A word as it is compared: whatever its case, and without what stands around it."""
    return word.strip().strip(".!,;:'\"\u2060 ").casefold()
