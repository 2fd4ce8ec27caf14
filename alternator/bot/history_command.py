"""``alternator history``: what was written into posts, from what the bot remembers.

And which posts of others were answered: what was said to them is not kept.
"""

import argparse
import json
from pathlib import Path
from typing import Literal, TypedDict

from alternator.bot.post_address import status_id_of
from alternator.clock import SYSTEM_CLOCK
from alternator.config.load import load_accounts
from alternator.config.secrets import secrets_of
from alternator.log import set_up
from alternator.store.asked import Answered
from alternator.store.edit_history import MOST_KEPT, EditOutcome, PastEdit
from alternator.store.interface import AccountState
from alternator.store.opening import opened_beside
from alternator.terminal import iso, moment, say
from probe.command_help import command_parser

USUAL_COUNT = 20
EXAMPLES = (
    ("alternator history", f"the last {USUAL_COUNT} descriptions"),
    ("alternator history --post https://social.example/@me/113456789012345678", "of one post"),
    ("alternator history --count 1000 --json > history.json", "for a program"),
)
# What each outcome is called.
WORDS: dict[EditOutcome, str] = {
    "sent": "sent, and its answer lost: the post tells whether it is there",
    "written": "written",
    "refused": "not written",
    "undone": "taken back",
}


class Line(TypedDict):
    """One entry as JSON; times are ISO 8601 in UTC, and null while there is none.

    ``answers`` are the posts of an answer to somebody else's post; then ``outcome`` is "answered",
    ``reason`` says who asked, and ``attachment`` and ``text`` are empty.
    """

    account: str
    post: str
    attachment: str
    kind: str
    outcome: EditOutcome | Literal["answered"]
    reason: str
    before: str | None
    text: str
    attribution: str
    sent: str | None
    changed: str | None
    post_edited: str | None
    answers: list[str]


def parser() -> argparse.ArgumentParser:
    """The options of ``alternator history``."""
    made = command_parser("alternator history", main.__doc__, EXAMPLES)
    made.add_argument("-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml")
    made.add_argument("--post", metavar="POST", help="only this one: its id or web address")
    made.add_argument(
        "--count",
        type=count,
        default=USUAL_COUNT,
        metavar="N",
        help=f"at most so many, the newest (default: {USUAL_COUNT}; kept are {MOST_KEPT})",
    )
    made.add_argument("--json", action="store_true", help="one JSON list, for programs")
    return made


def main(argv: list[str]) -> int:
    """Show what was written into posts, the newest first, and what was there before."""
    arguments = parser().parse_args(argv)
    configs = load_accounts(arguments.config)
    set_up("warn", [secret for config in configs for secret in secrets_of(config)])
    servers = list(dict.fromkeys(config.mastodon.instance_url for config in configs))
    status_id = None if arguments.post is None else status_id_of(arguments.post, *servers)
    with opened_beside(
        configs[0].state.directory, clock=SYSTEM_CLOCK.now, database=configs[0].database
    ) as store:
        found = [
            (account, entry)
            for (server, account), state in store.all_accounts().items()
            if server in servers
            for entry in entries_of(state, status_id, arguments.count)
        ]
    found.sort(key=lambda pair: time_of(pair[1]), reverse=True)
    found = found[: arguments.count]
    if arguments.json:
        print(json.dumps([line_of(account, entry) for account, entry in found], indent=1))
        return 0
    if not found:
        say("nothing was written" + ("" if status_id is None else f" into post {status_id}"))
    for _, entry in found:
        say(told(entry))
    return 0


def entries_of(state: AccountState, status_id: str | None, most: int) -> list[PastEdit | Answered]:
    """What was written for an account, and which posts of others it answered."""
    return [
        *state.history.entries(status_id=status_id, count=most),
        *state.asked.answers(most, status_id=status_id),
    ]


def time_of(entry: PastEdit | Answered) -> float:
    """When it was sent, as Unix time in seconds."""
    return entry.at if isinstance(entry, Answered) else entry.sent_at


def count(text: str) -> int:
    """A number of entries."""
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def line_of(account: str, entry: PastEdit | Answered) -> Line:
    """An entry as JSON has it."""
    if isinstance(entry, Answered):
        return Line(
            account=account,
            post=entry.asking.status_id,
            attachment="",
            kind="answer",
            outcome="answered",
            reason=asked_by(entry),
            before=None,
            text="",
            attribution="",
            sent=iso(entry.at),
            changed=iso(entry.at),
            post_edited=None,
            answers=list(entry.posts),
        )
    return Line(
        account=account,
        post=entry.status_id,
        attachment=entry.writing.attachment_id,
        kind=entry.writing.kind,
        outcome=entry.outcome,
        reason=entry.reason,
        before=entry.writing.before,
        text=entry.writing.text,
        attribution=entry.writing.attribution,
        sent=iso(entry.sent_at),
        changed=iso(entry.changed_at),
        post_edited=iso(entry.edited_at),
        answers=[],
    )


def asked_by(entry: Answered) -> str:
    """Who asked for an answer."""
    return f"asked for by {entry.asking.address}"


def told(entry: PastEdit | Answered) -> str:
    """An entry for people."""
    if isinstance(entry, Answered):
        return (
            f"{moment(entry.at)}  post {entry.asking.status_id}, {asked_by(entry)}: answered in "
            f"{', '.join(entry.posts)}"
        )
    outcome = WORDS[entry.outcome] + (f": {entry.reason}" if entry.reason else "")
    if entry.outcome == "undone":
        outcome += f" {moment(entry.changed_at)}"
    before = entry.writing.before
    there = "no description" if before is None else f"{before!r}, an empty one"
    text = "\n".join(f"    {line}" for line in entry.writing.text.splitlines())
    return (
        f"{moment(entry.sent_at)}  post {entry.status_id}, attachment "
        f"{entry.writing.attachment_id} ({entry.writing.kind}): {outcome}\n"
        f"  before: {there}\n  text:\n{text}"
    )
