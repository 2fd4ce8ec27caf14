"""The phrases of ``phrases.toml``, as patterns over all languages at once."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Literal, TypedDict

Kind = Literal["refusal", "anywhere", "thoughts", "lead", "polite", "title", "ending", "count"]

# How far into a sentence the words may stand that make it a refusal.
SENTENCE = r"[^.!?。！？\n]{0,160}?"
OPENING = r"[\s*_#>\-–—(\[•¡¿]*"
POLITE_END = r"[!,.:…。！，、：–—-]*\s*"


class Phrases(TypedDict, total=False):
    """A language's table; the file's head says what each list is for."""

    spaces: bool
    sorry: list[str]
    me: list[str]
    not_: list[str]
    cannot: list[str]
    about: list[str]
    never: list[str]
    asks: list[str]
    thoughts: list[str]
    polite: list[str]
    greeting: list[str]
    here: list[str]
    label: list[str]
    ending: list[str]
    characters: list[str]


@cache
def table() -> dict[str, Phrases]:
    """All phrases by language."""
    text = files("alternator.alt_text.check").joinpath("phrases.toml").read_text(encoding="utf-8")
    found: dict[str, Phrases] = {}
    for language, lists in tomllib.loads(text).items():
        lists["not_"] = lists.pop("not")
        found[language] = lists
    return found


@cache
def pattern(kind: Kind) -> re.Pattern[str]:
    """What begins like this; for ``match`` at the beginning of an answer or of a sentence."""
    return re.compile(
        "|".join(_of_language(kind, lists) for lists in table().values()), re.IGNORECASE
    )


def _of_language(kind: Kind, lists: Phrases) -> str:
    """One language's part of a pattern."""
    edge = "" if lists.get("spaces") is False else r"(?!\w)"
    start = "" if lists.get("spaces") is False else r"(?<!\w)"

    def one_of(phrases: list[str]) -> str:
        return rf"(?:{'|'.join(phrases)}){edge}"

    def later(phrases: list[str]) -> str:
        return rf"(?={SENTENCE}{start}{one_of(phrases)})"

    cannot = rf"{one_of(lists['cannot'])}{later(lists['about'])}"
    match kind:
        case "refusal":
            sorry = rf"{one_of(lists['sorry'])}{later(lists['me'])}{later(lists['not_'])}"
            asks = one_of(lists["asks"])
            return rf"{OPENING}(?:{sorry}|{asks})"
        case "anywhere":
            return rf"{OPENING}(?:{cannot}|{one_of(lists['never'])})"
        case "thoughts":
            return rf"{OPENING}{one_of(lists['thoughts'])}"
        case "lead":
            return _lead(lists, one_of(lists["label"]))
        case "polite":
            return rf"{one_of(lists['polite'])}\s?[!！](?:\s+|(?=\w))"
        case "title":
            return rf"{one_of(lists['label'][:2])}\s*\n+"
        case "ending":
            return rf"{OPENING}{one_of(lists['ending'])}"
        case "count":
            return rf"{one_of(lists['characters'])}"


def _lead(lists: Phrases, label: str) -> str:
    """What announces an answer, up to the colon."""
    polite = (
        rf"(?:(?:{'|'.join([*lists['polite'], *lists.get('greeting', [])])}){POLITE_END}){{0,2}}"
    )
    here = (
        rf"(?:{'|'.join(lists['here'])})[^:：\n\"“«「]{{0,120}}?{label}[^:：\n\"“«「]{{0,80}}[:：]"
    )
    named = rf"{label}(?:\s?[(\[（][^)\]）\n]{{0,60}}[)\]）])?\s?[:：]"
    alt_text = rf"(?:{lists['label'][0]}) [^:：\n\"“«「.!?]{{0,60}}[:：]"
    return rf"{polite}(?:{here}|{named}|{alt_text})\s*"
