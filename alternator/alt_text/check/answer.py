"""From what a model answered to a text that may be published in another person's name.

The one place where this is decided. An answer is cleaned, step by step, until no step finds
anything more; then it is judged. What is faulty is never published: the next model is asked.

    what is there                                            what becomes of it
    -------------------------------------------------------  ---------------------------------
    controls, overrides, tags, what is hidden                removed            characters.py
    thoughts, channels, tokens of turns                      removed, or fault  markers.py
    fences, JSON, a dictionary, tags around all of it        unwrapped, or      wrapping.py
    quotation marks around all of it                         fault
    headings, bold, lists, links, code                       plain text         markdown.py
    "Here is the alt text:", "Let me know if …"              removed            chatter.py
    several texts to choose from                             fault
    a sentence that the limit of tokens cut off              dropped, or fault  here
    a refusal, a question back, "As an AI", plans            fault              chatter.py
    the instruction once more, loops, encoded data           fault              repetition.py
    nothing visible                                          fault              characters.py
"""

from dataclasses import dataclass

from alternator.alt_text.check.characters import repaired, shows_something, visible
from alternator.alt_text.check.chatter import (
    one_text,
    refuses,
    thinks_aloud,
    without_ending,
    without_lead_in,
)
from alternator.alt_text.check.fault import Fault
from alternator.alt_text.check.markdown import plain
from alternator.alt_text.check.markers import without_markers
from alternator.alt_text.check.repetition import WIDE, is_garbled, loops, says_again
from alternator.alt_text.check.wrapping import unfenced, unquoted, unwrapped, without_tags
from alternator.alt_text.shorten import SENTENCE_END

MOST_CHARACTERS = 20_000  # no server takes as many
MOST_ROUNDS = 12
LEAST_AFTER_CUT = 10
# What stands for a text where a program had none.
PLACEHOLDERS = frozenset(
    {
        *("null", "none", "undefined", "nan", "n/a", "object object", "untitled", "todo", "tbd"),
        *("alt text", "alt", "alternative text", "description", "image", "picture", "photo"),
        *("image description", "no description", "no description available", "error", "true"),
        *("false", "assistant", "model", "user"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a model was asked; ``given`` is a text that it works on, whose words it may use."""

    instruction: str
    given: str = ""


def checked(answer: str, asked: Asked, *, cut: bool = False) -> str | Fault:
    """The text of an answer, cleaned, or what is wrong with it.

    ``cut``: the answer ended at the limit of tokens. The text is never longer than the answer, and
    checking it again changes nothing.
    """
    if len(answer) > MOST_CHARACTERS:
        return Fault.ENDLESS
    text = _cleaned(answer, asked)
    if isinstance(text, Fault):
        return text
    if cut:
        whole = _whole_sentences(text)
        text = _cleaned(whole, asked) if whole else Fault.CUT
    if isinstance(text, Fault):
        return text
    return _fault_of(text, asked) or text


def _cleaned(text: str, asked: Asked) -> str | Fault:
    """The text after all steps, until none of them finds anything more."""
    for _ in range(MOST_ROUNDS):
        found = _round(text, asked)
        if isinstance(found, Fault) or found == text:
            return found
        text = found
    return Fault.GARBLED


def _round(text: str, asked: Asked) -> str | Fault:
    """Each step once."""
    text = visible(repaired(text))
    for step in (without_markers, unfenced, unwrapped):
        found = step(text)
        if isinstance(found, Fault):
            return found
        text = found
    text = plain(without_tags(text))
    found = one_text(text)
    if isinstance(found, Fault):
        return found
    text = without_ending(without_lead_in(text, asked.given), asked.given)
    inner = unquoted(text)
    # A picture may show a refusal; in quotation marks it is told from the model's own.
    return text if inner != text and _speaks(inner, asked) else inner


def _speaks(text: str, asked: Asked) -> Fault | None:
    """The fault of a text in which the model itself speaks."""
    if refuses(text, asked.given):
        return Fault.REFUSAL
    if thinks_aloud(text, asked.given):
        return Fault.THOUGHTS
    return None


def _fault_of(text: str, asked: Asked) -> Fault | None:
    """What is wrong with a text that has been cleaned."""
    if not shows_something(text) or text.lower().strip(" .!:*()[]<>") in PLACEHOLDERS:
        return Fault.NOTHING
    if says_again(text, asked.instruction, asked.given):
        return Fault.PROMPT
    if fault := _speaks(text, asked):
        return fault
    if loops(text) and not loops(asked.given):
        return Fault.LOOP
    return Fault.GARBLED if is_garbled(text) else None


def _whole_sentences(text: str) -> str:
    """The text up to the end of its last whole sentence or line; empty if that is hardly any."""
    ends = [found.end() for found in SENTENCE_END.finditer(text)]
    ends.append(text.rfind("\n"))
    whole = text[: max(ends)].rstrip() if max(ends) > 0 else ""
    wide = len(WIDE.findall(whole))  # a character that says as much as a short word
    return whole if len(whole) + 2 * wide >= LEAST_AFTER_CUT else ""
