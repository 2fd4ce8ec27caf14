"""What differs between the servers that speak Mastodon's API: ``dialects.toml``, read once.

Only what a server's answers do not show by themselves stands there, and only what is decided by it.
A limit that is announced, a source's ``content_type`` and a status's quote policy are told by the
servers that have them (``entities.py``); both forms of ``X-RateLimit-Reset`` are told apart by
their look (``server_errors.py``).

A server is recognised, in this order, by

1. the ``version`` of ``/api/v1/instance`` or ``/api/v2/instance``, where forks and other software
   name themselves: ``4.2.0+glitch``, ``2.7.2 (compatible; Akkoma 3.13.2)``;
2. the software's name in its nodeinfo, which forks of Mastodon leave as it was;
3. a version as Mastodon itself writes it, where nodeinfo says nothing.

One that is not recognised is treated the careful way (``Dialect.careful``).
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

TABLE = Path(__file__).with_name("dialects.toml")

Streaming = Literal["sse", "websocket", "both", "none"]
# How the description of a posted attachment is changed:
# "edit"    PUT /api/v1/statuses/:id with media_attributes, which sends all of the post again;
# "medium"  PUT /api/v1/media/:id, which touches nothing else, and of which no other server hears;
# "none"    not at all, or not without harm.
Describes = Literal["edit", "medium", "none"]
About = Literal[
    "recognised",
    "describes",
    "sensitive",
    "source",
    "polls",
    "limit",
    "stream",
    "rate",
    "other",
    "unread",  # what could not be read
]

# Enough for messages and replies too: reading who favourited a post takes read:accounts.
# https://docs.joinmastodon.org/api/oauth-scopes/
# https://docs.joinmastodon.org/methods/statuses/#favourited_by
SCOPES = ("read:accounts", "read:statuses", "write:statuses")
# "4.5.0", "4.4.0-beta.1", "4.5.0-nightly.2025-10-30": a fork adds "+…", others "(…)".
_PLAIN_MASTODON = re.compile(r"v?[3-9]\.\d+\.\d+(?:-?[\w.-]+)?")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One fact about a software, in words, with the address of what was read."""

    about: About
    says: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a version of Mastodon changed."""

    version: str
    says: str
    source: str


@dataclass(frozen=True, kw_only=True)
class EditRules:
    """How an edit is to be sent so that it changes nothing but descriptions."""

    # What `"sensitive": false` must be beside a content warning; "unknown": no such post is edited.
    false_beside_warning: Literal["text", "boolean", "unknown"]
    # Whether a poll's author can see that its counts are hidden from everybody else; if not, no
    # post with a poll is edited.
    tells_hidden_totals: bool
    # Whether a poll that is sent without an end keeps the one it has. Sent with one, it ends so
    # many whole seconds after the edit: up to a second earlier or later than before.
    keeps_poll_end: bool = False
    # Whether an edit with an empty text makes a text of the content warning.
    blank_takes_warning: bool = True


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One software, from one of its releases on."""

    software: str
    version: str | None  # a regular expression: how its ``version`` names it, if it does
    nodeinfo: tuple[str, ...]  # the software's names in nodeinfo, in lower case
    number: str | None  # a regular expression: two groups of its ``version``, its release
    since: tuple[int, int] | None  # the release from which this is so; None: from the first on
    describes: Describes
    edit: EditRules | None  # None unless ``describes`` is "edit"
    streaming: Streaming
    description_limit: int  # characters, where the server does not tell it
    scopes: tuple[str, ...]  # that the token needs
    # Nobody has read what an edit does there: only posts are edited of which the source has a text
    # that agrees with the content; the first edit is a trial, and on any difference the last.
    careful: bool
    why_not: str | None  # where ``describes`` is "none"
    instead: str | None  # what to do there
    facts: tuple[Fact, ...]

    def refusal(self, url: str) -> str | None:
        """Why the bot can do nothing for a server of this kind, with the remedy; None if it can."""
        if self.describes != "none":
            return None
        return f"{url}: {self.why_not}, so there is nothing for this bot to do; {self.instead}"


@dataclass(frozen=True, kw_only=True)
class Table:
    """All of ``dialects.toml``, in its order."""

    dialects: tuple[Dialect, ...]
    changes: tuple[Change, ...]


@cache
def table() -> Table:
    """The table. It is read once; what is wrong in it is a defect of ours."""
    read = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return Table(
        dialects=tuple(_dialect(row) for row in read["dialect"]),
        changes=tuple(Change(**row) for row in read["change"]),
    )


def named(software: str) -> Dialect:
    """The newest row of a software. StopIteration if there is none of that name."""
    return next(dialect for dialect in table().dialects if dialect.software == software)


def recognise(version: str, nodeinfo_name: str | None) -> Dialect:
    """The dialect of a server, by its version and by the software's name in its nodeinfo.

    The name is None where the server did not tell it.
    """
    unknown = table().dialects[-1]
    for software in _candidates(version, nodeinfo_name):
        rows = [dialect for dialect in table().dialects if dialect.software == software]
        found = next((row for row in rows if _is_reached(row, version)), unknown)
        # A release that can't be read is not refused for being an old one.
        refused_by_age = found.describes == "none" and found.number is not None
        return unknown if refused_by_age and _release_of(found, version) is None else found
    return unknown


def _candidates(version: str, nodeinfo_name: str | None) -> Iterator[str]:
    """The software that a server may be, the surest first."""
    for dialect in table().dialects:
        if dialect.version is not None and re.search(dialect.version, version):
            yield dialect.software
    for dialect in table().dialects:
        if nodeinfo_name is not None and nodeinfo_name.lower() in dialect.nodeinfo:
            yield dialect.software
    if nodeinfo_name is None and _PLAIN_MASTODON.fullmatch(version):
        yield "Mastodon"


def _is_reached(dialect: Dialect, version: str) -> bool:
    """Whether a server of this version runs the release of which a row tells, or a later one."""
    if dialect.since is None:
        return True
    release = _release_of(dialect, version)
    return release is not None and release >= dialect.since


def _release_of(dialect: Dialect, version: str) -> tuple[int, int] | None:
    """The software's own release, if the version tells it."""
    found = None if dialect.number is None else re.search(dialect.number, version)
    return None if found is None else (int(found[1]), int(found[2]))


def _dialect(row: Mapping[str, object]) -> Dialect:
    """A row of the table. KeyError, TypeError or ValueError for one that is not whole."""
    describes = cast(Describes, row["describes"])
    facts = cast(list[dict[str, str]], row["fact"])
    since = row.get("since")
    rules = None
    if describes == "edit":
        rules = EditRules(
            false_beside_warning=cast(
                Literal["text", "boolean", "unknown"], row["false_beside_warning"]
            ),
            tells_hidden_totals=bool(row["tells_hidden_totals"]),
            keeps_poll_end=bool(row.get("keeps_poll_end", False)),
            blank_takes_warning=bool(row.get("blank_takes_warning", True)),
        )
    return Dialect(
        software=str(row["software"]),
        version=_text(row, "version"),
        nodeinfo=tuple(cast(list[str], row.get("nodeinfo", []))),
        number=_text(row, "number"),
        since=None if since is None else _release(str(since)),
        describes=describes,
        edit=rules,
        streaming=cast(Streaming, row["streaming"]),
        description_limit=cast(int, row["description_limit"]),
        scopes=(*SCOPES, *cast(list[str], row.get("scopes", []))),
        careful=bool(row.get("careful", False)),
        why_not=_text(row, "why_not"),
        instead=_text(row, "instead"),
        facts=tuple(
            Fact(about=cast(About, fact["about"]), says=fact["says"], source=fact["source"])
            for fact in facts
        ),
    )


def _text(row: Mapping[str, object], key: str) -> str | None:
    """A text of the table, if it is there."""
    return cast(str | None, row.get(key))


def _release(text: str) -> tuple[int, int]:
    """``"4.1"`` as a pair of numbers, of which the later one is the greater."""
    first, _, second = text.partition(".")
    return int(first), int(second)
