"""Writes docs/servers.md: ``python -m tools.server_docs [--check]``.

Everything in it comes from alternator/mastodon/dialects.toml, but for what is the same on all
servers. ``--check`` fails if the file is not current.
"""

import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import assert_never

from alternator.mastodon.dialect import SCOPES, About, Dialect, Streaming, table
from tools.write_or_check import write_or_check

DOCUMENT = Path(__file__).parents[1] / "docs" / "servers.md"

HEAD = """\
# Servers

Which servers that speak Mastodon's API the bot works with, and how. Made by
`python -m tools.server_docs` from
[`alternator/mastodon/dialects.toml`](../alternator/mastodon/dialects.toml); `make lint` checks it.
Each fact has the source that was read beside it; where none could be read, that is said.

A server is recognised at the start by the version that it tells, or by its nodeinfo. One that is
not is treated [the careful way](#another-server). One for which the bot could do nothing, or
nothing without harm, is refused at the start, with the remedy and exit code 4.

"""
NOTES = """
**By an edit** (`PUT /api/v1/statuses/:id`) all of the post is sent again, made from its source, and
compared field by field before and after. Other servers are told of it, and so is who boosted the
post. **By the medium** (`PUT /api/v1/media/:id`) nothing but the description is sent: the post
can't be harmed, but other servers hear of the description only when they fetch the post anew.
Which of them is used is no setting: where an edit can't be made without harm, it is not made.

The token needs the scopes `{scopes}`{more}.

## Which service sees what

| service | what goes there |
|---|---|
"""
SERVICES = {
    "your Mastodon server": "the bot's requests, with your token; nobody else gets the token",
    "the vision endpoint (`[vision]`), if there is one": (
        "pictures, and up to six frames of videos, of the posts that the bot describes, "
        "with the instruction in the post's language"
    ),
    "the text model, at the same address": (
        "the transcript of a clip, where it is too long for the server's limit, to be shortened"
    ),
    "nothing else": (
        "sound is transcribed on this machine, unless you name a speech server (`[whisper] "
        "server_url`); content warning and poll of a post go nowhere, nor does its text, unless "
        "`[descriptions] use_post_text` is on: then it goes to the vision endpoint beside the "
        "pictures"
    ),
}
WHICH_POSTS = """
Of which posts says `[mastodon] visibilities` ([configuration.md](configuration.md)): direct posts
only if they are named there.
"""
CHANGES = """
### What changed in Mastodon, by version

| version | what | source |
|---|---|---|
"""
ABOUT_WORDS: dict[About, str] = {
    "recognised": "recognised",
    "describes": "descriptions",
    "sensitive": "sensitive",
    "source": "source",
    "polls": "polls",
    "limit": "limit",
    "stream": "streaming",
    "rate": "rate limit",
    "other": "also",
    "unread": "**not read**",
}


def render() -> str:
    """The document."""
    dialects = table().dialects
    notes = NOTES.format(scopes=" ".join(SCOPES), more=more_scopes(dialects))
    services = [f"| {service} | {sees} |\n" for service, sees in SERVICES.items()]
    parts = [HEAD, overview(dialects), notes, *services, WHICH_POSTS]
    for software, rows in groupby(dialects, key=lambda dialect: dialect.software):
        parts.append(section(software, list(rows)))
        if software == "Mastodon":
            parts += [CHANGES, *(change_rows())]
    return "".join(parts)


def more_scopes(dialects: Sequence[Dialect]) -> str:
    """Which scopes a token needs where."""
    wanted: dict[str, list[str]] = {}
    for dialect in dialects:
        for scope in dialect.scopes:
            if scope not in SCOPES:
                wanted.setdefault(scope, []).append(dialect.software)
    return "".join(f"; `{scope}` too on {', '.join(names)}" for scope, names in wanted.items())


def overview(dialects: Sequence[Dialect]) -> str:
    """One line for each row of the table."""
    head = (
        "| server | descriptions of what is posted | other servers are told "
        "| finds posts by | posts with a poll | limit, if none is announced |\n"
        "|---|---|---|---|---|---|\n"
    )
    lines = []
    for dialect in dialects:
        told = {"edit": "yes", "medium": "no", "none": "–"}[dialect.describes]
        limit = f"{dialect.description_limit:,}" if dialect.describes != "none" else "–"
        cells = (name_of(dialect), how(dialect), told, finds(dialect), polls(dialect), limit)
        lines.append(f"| {' | '.join(cells)} |\n")
    return head + "".join(lines)


def name_of(dialect: Dialect) -> str:
    """The software with its releases, as a link to its section."""
    anchor = dialect.software.lower().replace(" ", "-").replace(".", "")
    link = f"[{dialect.software}](#{anchor})"
    if dialect.since is not None:
        return f"{link} {dialect.since[0]}.{dialect.since[1]} and later"
    return f"{link}, older" if dialect.number is not None else link


def how(dialect: Dialect) -> str:
    """What the bot does there."""
    match dialect.describes:
        case "edit":
            return "by an edit, the careful way" if dialect.careful else "by an edit"
        case "medium":
            return "by the medium"
        case "none":
            return "**refused**"
        case _:
            assert_never(dialect.describes)


def finds(dialect: Dialect) -> str:
    """How new posts are noticed."""
    words: dict[Streaming, str] = {
        "sse": "server-sent events",
        "websocket": "WebSocket",
        "both": "server-sent events or WebSocket",
        "none": "polling",
    }
    return "–" if dialect.describes == "none" else words[dialect.streaming]


def polls(dialect: Dialect) -> str:
    """What becomes of a post with a poll."""
    if dialect.describes != "edit" or dialect.edit is None:
        return "described" if dialect.describes == "medium" else "–"
    untouched = dialect.edit.tells_hidden_totals and dialect.edit.keeps_poll_end
    return "described" if untouched else "left alone"


def section(software: str, rows: Sequence[Dialect]) -> str:
    """All facts about one software."""
    parts = [f"\n## {software[0].upper()}{software[1:]}\n"]
    for dialect in rows:
        if len(rows) > 1:
            parts.append(f"\n{releases(dialect)}:\n")
        if dialect.why_not is not None:
            parts.append(f"\nRefused: {dialect.why_not}. What works: {dialect.instead}.\n")
        parts.append("\n")
        parts += [
            f"- {ABOUT_WORDS[fact.about]}: {fact.says} ([source]({fact.source}))\n"
            for fact in dialect.facts
        ]
    return "".join(parts)


def releases(dialect: Dialect) -> str:
    """Which releases a row is of."""
    if dialect.since is None:
        return "Older releases"
    return f"From {dialect.since[0]}.{dialect.since[1]} on"


def change_rows() -> list[str]:
    """What each version of Mastodon changed."""
    return [
        f"| {change.version} | {change.says} | [source]({change.source}) |\n"
        for change in table().changes
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Write the document, or with ``--check`` look whether it is current."""
    return int(not write_or_check({DOCUMENT: render()}, "python -m tools.server_docs", argv))


if __name__ == "__main__":
    sys.exit(main())
