"""``alternator undo``: takes descriptions of ours back, whether a bot is running or not."""

import argparse
import os
from pathlib import Path

from alternator.bot.post_address import status_id_of
from alternator.bot.progress import BotProgress
from alternator.bot.undo import Plan, Undo
from alternator.config.load import load_account
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config
from alternator.errors import UndoRefusedError, UnsupportedServerError
from alternator.log import set_up
from alternator.mastodon.client import MastodonClient
from alternator.stopping import Stop, Stopping
from alternator.store.interface import Store
from alternator.store.opening import bot_is_running, opened_beside
from alternator.terminal import moment, say
from alternator.web import trusted
from probe.command_help import command_parser
from probe.exit_codes import ExitCode

EXAMPLES = (
    ("alternator undo 113456789012345678", "all that was written into this post"),
    (
        "alternator undo https://social.example/@me/113456789012345678 --dry-run",
        "only say what would be taken back",
    ),
    (
        "alternator undo 113456789012345678 --attachment 113456780000000001",
        "one description of several",
    ),
)


def parser() -> argparse.ArgumentParser:
    """The options of ``alternator undo``."""
    made = command_parser("alternator undo", main.__doc__, EXAMPLES)
    made.add_argument("post", metavar="POST", help="the post's id, or its address in a browser")
    made.add_argument("-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml")
    made.add_argument("--account", metavar="NAME", help="whose post it is, of several accounts")
    made.add_argument("--attachment", metavar="ID", help="only this one (`alternator history`)")
    made.add_argument(
        "--dry-run", action="store_true", help="say what would be taken back, and change nothing"
    )
    return made


def main(argv: list[str]) -> int:
    """Take back what was written into a post: puts there exactly what was there before.

    Refused, and the post left as it is, where somebody has edited it since.
    """
    arguments = parser().parse_args(argv)
    config = load_account(arguments.account, arguments.config)
    set_up("warn", secrets_of(config))
    trusted.check(os.environ)
    status_id = status_id_of(arguments.post, config.mastodon.instance_url)
    stop = Stop()
    stop.on_signals()
    try:
        with opened_beside(
            config.state.directory, clock=stop.clock.now, database=config.database
        ) as store:
            undo = signed_in(config, store, stop)
            plan = undo.plan(status_id, arguments.attachment)
            if arguments.dry_run:
                tell(plan)
                return 0
            alone = not bot_is_running(config.state.directory, config.database)
            gone = undo.carry_out(plan, alone=alone)
    except Stopping:
        return ExitCode.INTERRUPTED
    return report(plan, gone)


def signed_in(config: Config, store: Store, stop: Stop) -> Undo:
    """What undoes edits of the configured account. ServerError if the server does not answer."""
    settings = config.mastodon
    client = MastodonClient(settings, progress=BotProgress(stop))
    known = store.known_accounts(settings.instance_url)
    instance = client.instance()
    if (refusal := instance.dialect.refusal(client.url)) is not None:
        raise UnsupportedServerError(refusal)
    owner = client.verify()
    if owner.id not in known:
        where = config.state.directory if config.database.url is None else "the database"
        raise UndoRefusedError(
            f"nothing was written into posts of {owner.name}, so far as {where} remembers"
        )
    return Undo(client=client, instance=instance, owner=owner.id, state=known[owner.id], stop=stop)


def tell(plan: Plan) -> None:
    """What would be taken back."""
    for edit in plan.edits:
        say(
            f"post {plan.status.id}, attachment {edit.writing.attachment_id}: would take back what "
            f"was written {moment(edit.sent_at)}:\n{edit.writing.text}"
        )


def report(plan: Plan, gone: tuple[str, ...]) -> int:
    """Say what came of it; the exit code."""
    for key in plan.keys:
        where = f"post {plan.status.id}, attachment {key}"
        if key in gone:
            say(f"{where}: its description was taken back; the bot leaves it alone from now on")
        else:
            say(f"{where}: the server took the edit and keeps the description; remove it by hand")
    return 0 if set(plan.keys) <= set(gone) else ExitCode.FAILED
