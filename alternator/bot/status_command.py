# size: what is found, and how people and programs are told it
"""``alternator status``: what the bot remembers, and what a running one says."""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal, TypedDict, assert_never

from alternator.bot.health_question import ask, place_of
from alternator.clock import SYSTEM_CLOCK
from alternator.config.load import load_accounts
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config
from alternator.log import set_up
from alternator.store.asked import AskingState
from alternator.store.opening import bot_is_running, opened_beside
from alternator.store.outcomes import AttachmentState
from alternator.store.overview import Overview, Trouble
from alternator.terminal import iso, moment, say
from probe.command_help import command_parser
from probe.exit_codes import ExitCode

EXAMPLES = (
    ("alternator status", "is it well, what waits, what failed and why"),
    ("alternator status --json | jq .well", "for a program"),
    ("alternator status --failures 100", "all that was given up, with the reasons"),
)
USUAL_FAILURES = 5
STATES: tuple[AttachmentState, ...] = ("waiting", "claimed", "described", "left", "failed")
# What became of posts of others that somebody asked about.
ASKED: Mapping[AskingState, str] = {
    "open": "to be answered",
    "answered": "answered",
    "dropped": "came to nothing",
}

# "silent": a bot has the state directory, and does not answer; "unknown": likewise, and its
# health answer is turned off.
BotState = Literal["well", "ill", "silent", "unknown", "none"]


class TroubleLine(TypedDict):
    """An attachment that was given up (``again`` is null), or that is tried again then."""

    post: str
    attachment: str
    attempts: int
    reason: str
    since: str | None
    again: str | None


# An account's server and its id there.
AccountKey = tuple[str, str]


class AccountLine(TypedDict):
    """One account as JSON; times are ISO 8601 in UTC, null while there is none."""

    account: str
    server: str
    queue: Mapping[AttachmentState, int]
    oldest_waiting: str | None
    last_description: str | None
    halted: str | None
    asked: Mapping[AskingState, int]  # posts of others
    failures: list[TroubleLine]


class Line(TypedDict):
    """The whole answer. ``health`` is what the running bot says, null without one."""

    well: bool
    bot: BotState
    server: str
    accounts: list[AccountLine]
    health: object


@dataclass(frozen=True, kw_only=True)
class Status:
    """What was found."""

    server: str
    bot: BotState
    health: object
    accounts: Mapping[AccountKey, Overview]

    @property
    def well(self) -> bool:
        """Whether a bot is at work, says that it is well, and may edit."""
        halted = any(overview.halted is not None for overview in self.accounts.values())
        return self.bot in ("well", "unknown") and not halted


def parser() -> argparse.ArgumentParser:
    """The options of ``alternator status``."""
    made = command_parser("alternator status", main.__doc__, EXAMPLES)
    made.add_argument("-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml")
    made.add_argument(
        "--failures",
        type=int,
        default=USUAL_FAILURES,
        metavar="N",
        help=f"show at most so many, the newest (default: {USUAL_FAILURES})",
    )
    made.add_argument("--json", action="store_true", help="one JSON object, for programs")
    return made


def main(argv: list[str]) -> int:
    """Show what waits, what was described and what failed; exit code 0 if a bot is well at work.

    It ends with 1 where no bot is running, where it says that it is not well, and where it edits
    nothing any more because an edit did harm.
    """
    arguments = parser().parse_args(argv)
    return show(arguments, load_accounts(arguments.config))


def show(arguments: argparse.Namespace, configs: Sequence[Config]) -> int:
    """Show it of these accounts; the exit code."""
    set_up("warn", chain(*map(secrets_of, configs)))
    found = look(configs, max(arguments.failures, 0))
    if arguments.json:
        print(json.dumps(line_of(found), indent=1))
    else:
        tell(found)
    return 0 if found.well else ExitCode.FAILED


def look(configs: Sequence[Config], failures: int) -> Status:
    """Look at the memory of all accounts, and ask the bot. StateError if there is no memory."""
    servers = {config.mastodon.instance_url for config in configs}
    with opened_beside(
        configs[0].state.directory, clock=SYSTEM_CLOCK.now, database=configs[0].database
    ) as store:
        accounts = {
            key: state.overview(failures)
            for key, state in store.all_accounts().items()
            if key[0] in servers
        }
    bot, health = asked(configs[0])
    server = configs[0].mastodon.instance_url
    return Status(server=server, bot=bot, health=health, accounts=accounts)


def asked(config: Config) -> tuple[BotState, object]:
    """How the bot of this state directory is, and what it says."""
    if not bot_is_running(config.state.directory, config.database):
        return "none", None
    place = place_of(config.state.directory, config.health)
    if place.port == 0:
        return "unknown", None
    told = ask(place)
    if told is None:
        return "silent", None
    try:
        return ("well" if told.well else "ill"), json.loads(told.text)
    except (ValueError, RecursionError):
        return "silent", None  # another program has the port


def tell(found: Status) -> None:
    """The answer for people."""
    say(f"bot: {bot_line(found)}")
    for (server, account), overview in found.accounts.items():
        say(f"account {account} on {server}")
        queue = ", ".join(f"{overview.counts.get(state, 0)} {state}" for state in STATES)
        say(f"  attachments: {queue}")
        if overview.oldest is not None:
            say(f"  waiting since: {moment(overview.oldest)}")
        last = "none yet" if overview.last is None else moment(overview.last)
        say(f"  last description: {last}")
        if overview.asked:
            say(f"  posts of others: {asked_line(overview.asked)}")
        if overview.halted is not None:
            say(
                f"  EDITING IS STOPPED: {overview.halted}; look at that post, then start the bot "
                f"with --resume-editing"
            )
        for trouble in overview.troubles:
            say(f"  {trouble_line(trouble)}")
    if not found.accounts:
        say(f"no account on {found.server} was at work yet")


def asked_line(asked: Mapping[AskingState, int]) -> str:
    """What became of what others asked for, in words."""
    return ", ".join(f"{asked.get(state, 0)} {word}" for state, word in ASKED.items())


def bot_line(found: Status) -> str:
    """How the bot is, in words."""
    match found.bot:
        case "well":
            return "running, and well"
        case "ill":
            status = found.health.get("status") if isinstance(found.health, dict) else None
            return f"running, and not well: {status or 'it does not say why'}"
        case "silent":
            return "running, and does not answer on its health address; see its log"
        case "unknown":
            return "running; [health] port is 0, so it does not say how it is"
        case "none":
            return "not running"
        case _:
            assert_never(found.bot)


def trouble_line(trouble: Trouble) -> str:
    """An attachment in trouble, in words."""
    when = "given up" if trouble.again is None else f"tried again {moment(trouble.again)}"
    return (
        f"post {trouble.status_id}, attachment {trouble.attachment_id}: {when} "
        f"(attempts: {trouble.attempts}, since {moment(trouble.since)}): {trouble.reason}"
    )


def line_of(found: Status) -> Line:
    """The answer as JSON has it."""
    return Line(
        well=found.well,
        bot=found.bot,
        server=found.server,
        accounts=[
            AccountLine(
                account=account,
                server=server,
                queue={state: overview.counts.get(state, 0) for state in STATES},
                oldest_waiting=iso(overview.oldest),
                last_description=iso(overview.last),
                halted=overview.halted,
                asked={state: overview.asked.get(state, 0) for state in ASKED},
                failures=[
                    TroubleLine(
                        post=trouble.status_id,
                        attachment=trouble.attachment_id,
                        attempts=trouble.attempts,
                        reason=trouble.reason,
                        since=iso(trouble.since),
                        again=iso(trouble.again),
                    )
                    for trouble in overview.troubles
                ],
            )
            for (server, account), overview in found.accounts.items()
        ],
        health=found.health,
    )
