"""``alternator backfill``: has old posts described, by a bot that is running or by itself.

The state directory belongs to one bot at a time (``alternator/store/lock.py``). Where one is at
work, this command only records what it finds, which the bot takes up, and shows how far that came;
broken off, the bot goes on. Where none is, it is the bot for as long as there is something to do.
"""

import argparse
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from alternator.accounts.account import Account
from alternator.bot.backfill import Backfill, Seen
from alternator.bot.conduct import wanted_of
from alternator.bot.progress import BotProgress
from alternator.bot.run import Wishes, run
from alternator.bot.traces import tracing_to
from alternator.config.load import load_account
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config
from alternator.errors import ConfigError
from alternator.log import log, set_up
from alternator.mastodon.client import MastodonClient
from alternator.progress_line import LINE
from alternator.stopping import Stop, Stopping
from alternator.store.interface import AccountState
from alternator.store.ledger import BackfillPlace
from alternator.store.opening import bot_is_running, opened_beside
from alternator.terminal import say
from alternator.web import trusted
from probe.command_help import command_parser

EXAMPLES = (
    ("alternator backfill --count 200 --dry-run", "how much there is to describe"),
    ("alternator backfill --since 2025-01-01", "all posts from then on"),
    ("alternator backfill", "go on with one that was broken off"),
)
LOOK_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is wanted; None for both: go on with the last one."""

    since: float | None
    count: int | None


def main(argv: list[str]) -> int:
    """Describe old posts, too: from a date on, or a number of them."""
    arguments = parser_of().parse_args(argv)
    config = load_account(arguments.account, arguments.config)
    set_up("debug" if arguments.verbose else config.logging.level, secrets_of(config))
    trusted.check(os.environ)
    plan = Plan(since=arguments.since, count=arguments.count)
    stop = Stop()
    stop.on_signals()
    try:
        if arguments.dry_run:
            return dry_run(config, plan, stop)
        if bot_is_running(config.state.directory, config.database):
            with tracing_to(config.tracing, "backfill"):
                return beside(config, plan, stop)
        return alone(config, plan, stop)
    except Stopping:
        log.info("stopped; `alternator backfill` goes on from here")
    return 0


def parser_of() -> argparse.ArgumentParser:
    """The command's options."""
    parser = command_parser("alternator backfill", main.__doc__, EXAMPLES)
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml"
    )
    parser.add_argument("--account", metavar="NAME", help="whose posts, of several accounts")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--since", type=moment, metavar="DATE", help="posts since then: 2025-01-31")
    which.add_argument("--count", type=number, metavar="N", help="so many of the newest posts")
    parser.add_argument(
        "--dry-run", action="store_true", help="only say how much there is to describe"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    return parser


def moment(text: str) -> float:
    """A date, or a time, by the local clock where it names no zone; as Unix time in seconds."""
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2025-01-31") from None


def number(text: str) -> int:
    """A number of posts."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of posts")
    return int(text)


def place_of(plan: Plan, last: BackfillPlace | None) -> BackfillPlace:
    """Where to begin. ConfigError if nothing says so."""
    if plan.since is not None or plan.count is not None:
        return BackfillPlace(since=plan.since, left=plan.count)
    if last is None:
        raise ConfigError("say which posts: --since DATE or --count N")
    return last


def dry_run(config: Config, plan: Plan, stop: Stop) -> int:
    """Say how much there is to describe; nothing is recorded, and no model is asked."""
    client = MastodonClient(config.mastodon, progress=BotProgress(stop))
    owner = client.verify()
    wanted = wanted_of(config)
    backfill = Backfill(client, owner.id, config, None, wanted=wanted, told=looking)
    seen = backfill.walk(place_of(plan, None))
    done(f"{seen.posts} posts of {owner.name}: {seen.attachments} attachments lack a description")
    return 0


def beside(config: Config, plan: Plan, stop: Stop) -> int:
    """Record what a running bot then describes, and show how far that came."""
    progress = BotProgress(stop)
    client = MastodonClient(config.mastodon, progress=progress)
    owner = client.verify()
    with opened_beside(
        config.state.directory, clock=stop.clock.now, database=config.database
    ) as store:
        state = store.all_accounts().get((config.mastodon.instance_url, owner.id))
        if state is None:
            raise ConfigError(
                f"the bot that is running does not describe the posts of {owner.name}; name its "
                f"configuration with --config"
            )
        record(
            Backfill(client, owner.id, config, state, wanted=wanted_of(config), told=looking),
            state,
            plan,
        )
        total = undone(state)
        while left := undone(state):
            if state.halted() is not None:
                break
            total = max(total, left)
            LINE.bar(total - left, total, "attachments")
            progress.pause(LOOK_SECONDS)
    done(f"{total - left} of {total} attachments are done with")
    return 0 if not left else 1


def alone(config: Config, plan: Plan, stop: Stop) -> int:
    """Be the bot until all is described that can be now."""

    def begin(account: Account, session: MastodonClient, progress: BotProgress) -> None:
        wanted = wanted_of(config)
        backfill = Backfill(session, account.id, config, account.state, wanted=wanted, told=looking)
        record(backfill, account.state, plan)

    return run(config, stop, Wishes(once=True, patient=True, begin=begin))


def record(backfill: Backfill, state: AccountState, plan: Plan) -> None:
    """Record what lacks a description."""
    seen = backfill.walk(place_of(plan, state.ledger.backfill()))
    done(f"{seen.posts} posts looked at: {seen.new} attachments to describe are new")


def undone(state: AccountState) -> int:
    """How many attachments wait, or are at work."""
    counts = state.counts()
    return counts.get("waiting", 0) + counts.get("claimed", 0)


def looking(seen: Seen) -> None:
    """How far the looking came."""
    LINE.show(f"{seen.posts} posts looked at, {seen.attachments} attachments lack a description")


def done(line: str) -> None:
    """A line that stays."""
    LINE.end()
    say(line)
