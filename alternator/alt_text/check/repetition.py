"""What is said over and over: the instruction once more, or a model caught in a loop."""

import re
from collections import Counter

# A character of a script without spaces counts as a word.
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W_]+(?:['’][^\W_]+)*")
WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")
# So many words in a row are not the instruction's by chance; characters carry less each.
WORDS_IN_A_ROW = 8
CHARACTERS_IN_A_ROW = 14

# A stretch that comes again at once, up to the end or within the text.
LONGEST_PERIOD = 240
LEAST_COPIES = 4
PIECE = 12  # characters
LEAST_REPEATED = 60  # characters of all copies; "ha ha ha ha" is no loop yet
# "1. A tree 2. A tree 3. A tree": a loop that counts. Shorter ones are lists of chapters or rooms.
NUMBERED = re.compile(r"(?<=[^\W\d_] )\d+|\d+(?=\W{1,3}[^\W\d_])")
LEAST_NUMBERED = 600
SENTENCES = re.compile(r"(?<=[.!?…。！？])\s*|\n+")
LEAST_SENTENCES = 4  # the same one so often
LEAST_SENTENCE = 8  # characters of it
SENTENCE_SHARE = 0.4  # of the whole text
GRAM = 4
LEAST_WORDS = 60
LEAST_NEW = 0.35  # the share of different stretches of four words
LONGEST_WORD = 250  # a web address may be long
NO_BLANKS = re.compile(rf"[!-~]{{{LONGEST_WORD},}}")
SAME_CHARACTER = re.compile(r"(\w)\1{39,}")


def says_again(text: str, instruction: str, given: str = "") -> bool:
    """Whether a good part of the instruction stands in the text, and not in ``given``."""
    told = _words(instruction)
    wide = sum(bool(WIDE.match(word)) for word in told)
    length = CHARACTERS_IN_A_ROW if wide * 2 > len(told) else WORDS_IN_A_ROW
    return bool(
        _stretches(told, length)
        & _stretches(_words(text), length) - _stretches(_words(given), length)
    )


def loops(text: str) -> bool:
    """Whether a stretch, a sentence or a handful of words comes over and over."""
    return (
        bool(SAME_CHARACTER.search(text))
        or _repeats_at_once(text.lower(), LEAST_REPEATED)
        or _repeats_at_once(NUMBERED.sub("#", text.lower()), LEAST_NUMBERED)
        or _repeats_sentences(text)
        or _has_few_words(text)
    )


def is_garbled(text: str) -> bool:
    """Whether it holds what no reader can say: encoded data, many replaced characters."""
    return bool(NO_BLANKS.search(text)) or text.count("\ufffd") * 50 > len(text)


def _repeats_at_once(text: str, least: int) -> bool:
    """Whether some stretch follows itself several times, ``least`` characters in all.

    Then each piece of it stands, time after time, at the same distance behind itself.
    """
    seen: dict[str, int] = {}
    distance = run = 0
    for place in range(len(text) - PIECE + 1):
        piece = text[place : place + PIECE]
        behind = place - seen.get(piece, -LONGEST_PERIOD - 1 - len(text))
        seen[piece] = place
        run = run + 1 if behind == distance else 1
        distance = behind
        if distance <= LONGEST_PERIOD and run + PIECE + distance > max(
            least, LEAST_COPIES * distance
        ):
            return True
    return False


def _repeats_sentences(text: str) -> bool:
    """Whether one sentence makes up a good part of the text."""
    sentences = [sentence.strip().lower() for sentence in SENTENCES.split(text)]
    counted = Counter(sentence for sentence in sentences if len(sentence) >= LEAST_SENTENCE)
    return any(
        times >= LEAST_SENTENCES and times * len(sentence) > SENTENCE_SHARE * len(text)
        for sentence, times in counted.items()
    )


def _has_few_words(text: str) -> bool:
    """Whether the same few words come in ever new order."""
    words = _words(text)
    if len(words) < LEAST_WORDS:
        return False
    grams = [tuple(words[start : start + GRAM]) for start in range(len(words) - GRAM + 1)]
    return len(set(grams)) < LEAST_NEW * len(grams)


def _words(text: str) -> list[str]:
    return [word.lower().replace("’", "'") for word in WORD.findall(text)]


def _stretches(words: list[str], length: int) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}
