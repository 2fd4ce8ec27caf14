"""``alternator run``: puts the bot together, says what it is, and keeps it going."""

import os
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

from alternator.accounts.account import Account
from alternator.bot.bot import Bot, MakeSpeechWorker, downloads_of
from alternator.bot.conduct import modes_of
from alternator.bot.endpoints import Endpoints
from alternator.bot.progress import BotProgress
from alternator.bot.several import run_several
from alternator.bot.starting import (
    TO_WATCH,
    Shared,
    Wishes,
    answering,
    bot_of,
    health_of,
    open_store,
    signed_in,
    start_speech,
    workers_of,
)
from alternator.bot.traces import tracing_to
from alternator.config.load import load_accounts
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config
from alternator.log import LEVELS, log, set_up
from alternator.media.confined.kernel import keep_memory_private
from alternator.media.download import remove_leftovers
from alternator.speech.opening import open_speech
from alternator.stopping import Stop, Stopping
from alternator.web import trusted
from probe.command_help import command_parser
from probe.errors import UserError
from probe.exit_codes import ExitCode

__all__ = ["Wishes", "main", "run"]

EXAMPLES = (
    ("alternator run", "watch, until it is stopped"),
    ("alternator run --once", "catch up and end: for a timer; 1 if something failed"),
    ("alternator run --once --retry-failed", "also what was given up before"),
)


def main(argv: list[str]) -> int:
    """Watch the accounts' posts and describe what lacks a description."""
    parser = command_parser("alternator run", main.__doc__, EXAMPLES)
    parser.add_argument(
        "-c", "--config", type=Path, metavar="FILE", help="default: alternator.toml"
    )
    parser.add_argument("--once", action="store_true", help="catch up and end")
    parser.add_argument(
        "--retry-failed", action="store_true", help="first try again what was given up"
    )
    parser.add_argument(
        "--resume-editing",
        action="store_true",
        help="edit again after the bot stopped that because an edit did harm",
    )
    parser.add_argument("--log-level", choices=list(LEVELS), help="instead of [logging] level")
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_const",
        const="debug",
        dest="log_level",
        help="as --log-level debug",
    )
    arguments = parser.parse_args(argv)
    keep_memory_private()
    configs = load_accounts(arguments.config)
    config = configs[0]
    secrets = chain(*map(secrets_of, configs))
    set_up(arguments.log_level or config.logging.level, secrets, config.logging.format)
    for notice in config.notices:
        log.warning("%s", notice)
    stop = Stop()
    stop.on_signals()
    wishes = Wishes(
        once=arguments.once,
        retry_failed=arguments.retry_failed,
        resume_editing=arguments.resume_editing,
    )
    try:
        return run_several(configs, stop, wishes) if config.account else run(config, stop, wishes)
    except Stopping:
        log.info("stopped")
    except UserError:
        raise  # one line, which the dispatcher prints
    except Exception:
        # The dispatcher's line has no trace, and in a container the log is all there is.
        log.exception("the bot ends for a defect of its own; please report this")
        raise
    return 0


def run(
    config: Config,
    stop: Stop,
    wishes: Wishes = TO_WATCH,
    *,
    make_speech_worker: MakeSpeechWorker = open_speech,
) -> int:
    """Run the bot of one account until it is asked to stop (``Stopping``), or once through.

    Returns the exit code of a single pass: FAILED if something that it tried is not described.

    Errors are those of a start that can't succeed (ConfigError, StateError, ServerError,
    ModelError), and StateError where the state file is damaged meanwhile.
    """
    trusted.check(os.environ)
    with ExitStack() as stack:
        stack.enter_context(tracing_to(config.tracing, "run"))
        store = stack.enter_context(open_store(config, stop, once=wishes.once))
        remove_leftovers(downloads_of(config))
        edits = modes_of(config).ever_edits
        account = Account(config.mastodon, store, stop.clock, edits=edits)
        speech = make_speech_worker(config.whisper) if config.whisper.enabled else None
        if speech is not None:
            stack.callback(speech.close)
        health = health_of(config, account, speech)
        if not wishes.once:
            stack.enter_context(answering(health, [(config, account, health)]))
        progress = BotProgress(stop, health)
        session = signed_in(account, progress, wishes)
        start_speech(config.whisper, speech)
        shared = Shared(speech=speech, endpoints=Endpoints(store), workers=workers_of(speech))
        bot = bot_of(config, account, session, shared, progress, health, stop)
        # The other threads must be gone, or at least idle, before the store is closed.
        stack.callback(stop.request)
        health.ready()
        if wishes.begin is not None:
            wishes.begin(account, session, progress)
        return at_work(bot, wishes)


def at_work(bot: Bot, wishes: Wishes) -> int:
    """Let the bot work; returns the exit code of a single pass."""
    if wishes.once:
        return ExitCode.FAILED if bot.run_once(patient=wishes.patient).failed else 0
    bot.run()
    return 0
