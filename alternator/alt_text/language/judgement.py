"""What a guess at a language is good for: choosing a post's, and telling a wrong answer's."""

import re
import unicodedata
from collections import Counter

from alternator.alt_text.language.detect import Detector, Guess

# How sure it has to be, measured in November 2026 on the sentences of prompts.toml: of 937 that
# have 8 letters or more, in 41 languages, a floor of 0.5 leaves one wrong and 81 without a
# language. As answers none of all 1033 sentences is taken for one in another language.
LEAST_LETTERS, LEAST_PROBABILITY = 8, 0.5
SURE_LETTERS, SURE_PROBABILITY = 40, 0.9
# Most letters of another script: names of things, up to here.
SCRIPT_LETTERS = 20

# What a detector, or a reader, takes for one another.
ALIKE = (
    {"nb", "no", "nn", "da"},
    {"hr", "sr", "bs", "sl"},
    {"id", "ms", "jv"},
    {"pt", "gl"},
    {"cs", "sk"},
    {"zh", "yue", "wuu"},
    {"ga", "gd"},
    {"is", "fo"},
    {"bg", "mk"},
    {"de", "gsw", "nds", "lb", "bar"},
    {"he", "yi", "hbo"},
    {"el", "grc"},
)
# Those that py3langid does not know: only a foreign script tells that an answer is in another one.
UNKNOWN = {"gsw", "nds", "rm", "yi"}
# Scripts by the first word of their letters' names:
# https://www.unicode.org/Public/16.0.0/ucd/UnicodeData.txt
SCRIPTS: dict[str, set[str]] = {
    "CYRILLIC": {"bg", "ru", "uk", "sr"},
    "GREEK": {"el"},
    "HEBREW": {"he", "yi"},
    "DEVANAGARI": {"hi"},
    "CJK": {"zh", "ja"},
    "HIRAGANA": {"ja"},
    "KATAKANA": {"ja"},
    "HANGUL": {"ko"},
}
OTHER_SCRIPTS = {language for known in SCRIPTS.values() for language in known} - {"sr"}

KANA = re.compile("[\u3041-\u30ff]")
QUOTED = re.compile(
    r"\"[^\"]*\"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|»[^«]*«|「[^」]*」|『[^』]*』|‘[^’]*’(?!\w)"
)
NO_WORDS = re.compile(r"(?:https?://|www\.)\S+|[@#]\w+|\S*\d\S*", re.IGNORECASE)


def language_of(text: str, detector: Detector) -> str | None:
    """The language of a post's text, an ISO 639 code; None where that is not clear."""
    words = NO_WORDS.sub(" ", text)
    if _letters(words) < LEAST_LETTERS:
        return None
    guess = detector.guess(words)
    return guess.language if guess and guess.probability >= LEAST_PROBABILITY else None


def other_language(text: str, wanted: str, detector: Detector) -> str | None:
    """How to call the language of a text that surely is another one than ``wanted``; else None.

    What is quoted in it does not count: a picture may show words of any language.
    """
    words = NO_WORDS.sub(" ", QUOTED.sub(" ", text))
    wanted = wanted.partition("-")[0]
    letters = _letters(words)
    if letters >= SCRIPT_LETTERS and (script := _script(words)) not in _scripts_of(wanted):
        return f"one in {script.lower()} letters"
    if wanted == "ja" and letters >= SURE_LETTERS and not KANA.search(words):
        return "zh"  # no Japanese sentence goes without
    if letters < SURE_LETTERS or wanted in UNKNOWN:
        return None
    guess = detector.guess(words)
    return guess.language if guess and _differs(guess, wanted) else None


def _differs(guess: Guess, wanted: str) -> bool:
    if guess.probability < SURE_PROBABILITY or guess.language == wanted:
        return False
    return not any(guess.language in group and wanted in group for group in ALIKE)


def _letters(text: str) -> int:
    # A character that stands for a word, or a part of one, says as much as several letters.
    wide = sum(
        "\u3040" <= character <= "\u9fff" or "\uac00" <= character <= "\ud7a3" for character in text
    )
    return sum(map(str.isalpha, text)) + 2 * wide


def _script(text: str) -> str:
    """The script of most of the letters."""
    names = Counter(
        unicodedata.name(character, "").partition(" ")[0]
        for character in text
        if character.isalpha()
    )
    return names.most_common(1)[0][0] if names else "LATIN"


def _scripts_of(language: str) -> set[str]:
    own = {script for script, languages in SCRIPTS.items() if language in languages}
    return own if language in OTHER_SCRIPTS else own | {"LATIN"}
