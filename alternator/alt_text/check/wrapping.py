"""What a model wraps its answer into: code fences, JSON, tags, quotes."""

import ast
import html
import json
import re

from alternator.alt_text.check.fault import Fault

FENCE = re.compile(r"\A(`{3,}|~{3,})[\w+-]*[^\S\n]*\n(.*?)\n?\1\Z", re.DOTALL)
# The names that models give a description.
KEYS = frozenset(
    {
        *("alt", "alt_text", "alttext", "alternative_text", "alternativetext", "description"),
        *("image_description", "imagedescription", "caption", "text", "answer", "response"),
        *("output", "result", "content", "summary", "shortened_text", "transcript", "final"),
        *("final_answer", "message"),
    }
)
DATA_START = re.compile(r"""\A[\[{]\s*["'{\[]""")
# A dictionary as Python prints it, of one key with one text.
PRINTED = re.compile(
    r"""\A\{\s*(?P<quote>["'])(?P<key>[\w -]{1,40})(?P=quote)\s*:\s*"""
    r"""(?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\s*,?\s*\}\Z""",
    re.DOTALL,
)
TAGGED = re.compile(
    r"\A<(answer|response|output|final|final_answer|result|description|caption|alt|alt_text|"
    r"alt-text|alttext|text|summary|p|div|span|b|strong|em|i|html|body|figcaption|blockquote)"
    r"(?: [^<>]{0,200})?>(.*)</\1>\Z",
    re.DOTALL | re.IGNORECASE,
)
BOX = re.compile(r"\A\\boxed\{(.*)\}\Z|\A<\|begin_of_box\|>(.*)<\|end_of_box\|>\Z", re.DOTALL)
IMAGE_TAG = re.compile(
    r"""\A<img\b[^<>]*?\balt\s*=\s*(?:"([^"]*)"|'([^']*)')[^<>]*>\Z""", re.IGNORECASE
)
BRACKETED = re.compile(
    r"\A\[(?:image|picture|photo|video|id|(?:image )?description|alt(?:ernative)?[- ]text)\s*:\s*"
    r"([^\[\]]+)\]\Z",
    re.IGNORECASE,
)
TAG = re.compile(r"</?[a-z][a-z0-9]*(?: [^<>]{0,200})?/?>", re.IGNORECASE)
# Tags that only dress a text; others mean that the text is code.
DRESSING = re.compile(
    r"</?(?:b|i|u|s|em|strong|small|mark|sup|sub|p|br|center|font)(?: [^<>]{0,200})?/?>",
    re.IGNORECASE,
)
LINE_BREAK = re.compile(r"<br(?: ?/)?>|</p>\s*<p>", re.IGNORECASE)
QUOTED_MARKUP = re.compile(r"""[`"'“«„‘][^\n`"”»“‘’]{0,200}(?:</?[a-z]|&#?\w+;)""", re.IGNORECASE)
ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{1,7}|#x[0-9a-f]{1,6});", re.IGNORECASE)
APOSTROPHE = re.compile(r"(?<=\w)['’](?=\w)")
PAIRS = {
    '"': '"',
    "'": "'",
    "“": "”",
    "„": "“”",
    "”": "”",
    "«": "»",
    "»": "«",
    "‹": "›",
    "‘": "’",
    "‚": "‘’",
    "「": "」",
    "『": "』",
    "《": "》",
    "`": "`",
}


def unfenced(text: str) -> str:
    """What is inside a code fence that holds the whole answer."""
    found = FENCE.match(text)
    return found[2].strip() if found else text


def unwrapped(text: str) -> str | Fault:
    """The text inside of data or of tags that hold the whole answer."""
    for pattern in (BOX, TAGGED, IMAGE_TAG, BRACKETED):
        if found := pattern.match(text):
            groups = [group for group in found.groups() if group is not None]
            return groups[-1].strip() if groups else text
    if not DATA_START.match(text):
        return text
    found = PRINTED.match(text)
    if found and _is_key(found["key"]):
        return _literal(found["value"])
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError):
        # A list in words may begin like data: ["Exit"] is a sign, ["a", "b" is not whole.
        return Fault.DATA if text.startswith("{") else text
    return _text_of(document)


def without_tags(text: str) -> str:
    """The text without HTML that dresses it, unless it is about HTML."""
    if QUOTED_MARKUP.search(text):
        return text
    if TAG.search(text) and not TAG.search(DRESSING.sub("", text)):
        text = DRESSING.sub("", LINE_BREAK.sub("\n", text)).strip()
    return ENTITY.sub(_character, text)


def unquoted(text: str) -> str:
    """The text inside of quotation marks that stand around all of it."""
    closing = PAIRS.get(text[:1])
    if closing is None or len(text) < 3 or text[-1] not in closing:
        return text
    inner = text[1:-1]
    others = APOSTROPHE.sub("", inner)
    return text if text[0] in others or text[-1] in others else inner.strip()


def _is_key(name: object) -> bool:
    return isinstance(name, str) and re.sub(r"[ -]", "_", name.strip().lower()) in KEYS


def _literal(literal: str) -> str | Fault:
    """The text that a string literal of Python stands for."""
    try:
        value: object = ast.literal_eval(literal)
    except (ValueError, SyntaxError):
        return Fault.DATA
    return value.strip() if isinstance(value, str) else Fault.DATA


def _text_of(document: object) -> str | Fault:
    """The one text of a JSON document."""
    if isinstance(document, list) and len(document) == 1:
        (document,) = document
    if isinstance(document, str):
        return document.strip()
    if isinstance(document, dict):
        texts = [
            value for key, value in document.items() if _is_key(key) and isinstance(value, str)
        ]
        if len(texts) == 1:
            return texts[0].strip()
    return Fault.DATA


def _character(entity: re.Match[str]) -> str:
    """The character that an entity stands for; one that is quoted is meant as it is."""
    found = html.unescape(entity.group())
    return found if len(found) == 1 else entity.group()
