"""Markdown into plain text: its signs go, every word stays."""

import re

FENCE_LINE = re.compile(r"^[^\S\n]*(?:`{3,}|~{3,})[\w+-]*[^\S\n]*(?:\n|\Z)", re.MULTILINE)
# "# " further down may be a comment in a script that a screenshot shows.
HEADING = re.compile(r"\A#[^\S\n]+(?=\S)|^#{2,6}[^\S\n]+(?=\S)", re.MULTILINE)
RULE_LINE = re.compile(
    r"^[^\S\n]*(?:-{3,}|\*{3}|_{3,}|={3,}|\* \* \*)[^\S\n]*(?:\n|\Z)", re.MULTILINE
)
BOLD = re.compile(r"(?<![\w*])\*\*(?=[^\s*])([^*\n]+?)(?<=\S)\*\*(?![\w*])")
BOLD_ITALIC = re.compile(r"(?<![\w*])\*\*\*(?=[^\s*])([^*\n]+?)(?<=\S)\*\*\*(?![\w*])")
ITALIC = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]+?)(?<=\S)\*(?![\w*])")
# Underscores with a blank between them: __init__ is a name.
UNDERSCORED = re.compile(r"(?<!\w)(__?)(?=[^\s_])([^_\n]+? [^_\n]+?)(?<=\S)\1(?!\w)")
STRUCK = re.compile(r"(?<![\w~])~~(?=[^\s~])([^~\n]+?)(?<=\S)~~(?![\w~])")
IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\([^()\s]*(?: \"[^\"\n]*\")?\)")
LINK = re.compile(
    r"(?<!\w)\[([^\[\]\n]+)\]\((?:https?:|mailto:|[./#]|[\w-]+\.)[^()\s]*(?: \"[^\"\n]*\")?\)"
)
AUTOLINK = re.compile(r"<(https?://[^<>\s]+)>")
CODE = re.compile(r"((?<!`)`{1,2}(?!`)[^`\n]+`{1,2}(?!`))")
# What looks like markup itself keeps its ticks.
MARKUP = re.compile(r"[<>&*_#\[\]{}~|\\]")
BULLET = re.compile(r"^([^\S\n]*)[-*+•‣◦▪●][^\S\n]+(?=\S)", re.MULTILINE)
STAR_BULLET = re.compile(r"\A\*[^\S\n]+(?=\S)")
QUOTE_LINE = re.compile(r"^>[^\S\n]?", re.MULTILINE)
TABLE_RULE = re.compile(
    r"^[^\S\n]*\|?[^\S\n]*:?-{2,}:?[^\S\n]*(?:\|[^\S\n]*:?-{2,}:?[^\S\n]*)+\|?[^\S\n]*(?:\n|\Z)",
    re.MULTILINE,
)
TABLE_ROW = re.compile(r"^[^\S\n]*\|[^\S\n]*(.*?)[^\S\n]*\|[^\S\n]*$", re.MULTILINE)
CELL_END = re.compile(r"[^\S\n]*\|[^\S\n]*")
LEAST_BULLETS = 2


def plain(text: str) -> str:
    """The text without markdown's signs. Its words, lines and numbers stay."""
    text = FENCE_LINE.sub("", text)
    text = _without_table(text)
    text = RULE_LINE.sub("", text)
    lines = [line for line in text.split("\n") if line.strip()]
    if lines and all(line.startswith(">") for line in lines):
        text = QUOTE_LINE.sub("", text)
    text = HEADING.sub("", text)
    if len(BULLET.findall(text)) >= LEAST_BULLETS:
        text = BULLET.sub(r"\1", text)
    text = STAR_BULLET.sub("", text)
    # Every second piece is code.
    pieces = CODE.split(text)
    return "".join(
        _code(piece) if place % 2 else _undressed(piece) for place, piece in enumerate(pieces)
    )


def _code(span: str) -> str:
    """Code without its ticks, unless it could be taken for markup then."""
    return span if MARKUP.search(span) else span.strip("`")


def _undressed(text: str) -> str:
    """Text without links' targets and signs of emphasis."""
    text = IMAGE.sub(r"\1", text)
    text = LINK.sub(r"\1", text)
    text = AUTOLINK.sub(r"\1", text)
    for emphasis in (BOLD_ITALIC, BOLD, ITALIC, STRUCK):
        text = emphasis.sub(r"\1", text)
    return UNDERSCORED.sub(r"\2", text)


def _without_table(text: str) -> str:
    """A table's rows as lines, with a comma between two cells."""
    if not TABLE_RULE.search(text):
        return text
    text = TABLE_RULE.sub("", text)
    return TABLE_ROW.sub(lambda row: CELL_END.sub(_comma, row[1]), text)


def _comma(bar: re.Match[str]) -> str:
    return ", " if len(bar.group()) > 1 else ","
