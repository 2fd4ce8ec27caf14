"""``alternator run``: puts the bot together, says what it is, and keeps it going."""

import argparse
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from alternator.accounts.account import Account
from alternator.alt_text.writer import AltTextWriter
from alternator.bot import health_address
from alternator.bot.bot import (
    MakeSpeechWorker,
    SpeechWorker,
    build_bot,
    build_writer,
    downloads_of,
)
from alternator.bot.describe import Describer
from alternator.bot.health import Health, serving
from alternator.bot.outage import ask_until_reachable
from alternator.bot.progress import BotProgress
from alternator.config.load import load_config
from alternator.config.models import WhisperSettings
from alternator.config.secrets import secrets_of
from alternator.config.settings import Config
from alternator.errors import TemporaryServerError, UnexpectedAnswerError, UnreachableError
from alternator.log import LEVELS, log, set_up
from alternator.mastodon.client import MastodonClient
from alternator.media.download import remove_leftovers
from alternator.progress import Progress
from alternator.speech.opening import described, open_speech
from alternator.stopping import Stop, Stopping
from alternator.store.interface import AccountState, Store
from alternator.store.opening import OPENING_PATIENCE_SECONDS, PATIENCE_SECONDS, opened
from alternator.web import trusted
from probe.errors import UserError
from probe.exit_codes import ExitCode


def main(argv: list[str]) -> int:
    """Watch the account's posts and describe what lacks a description."""
    parser = argparse.ArgumentParser(prog="alternator run", description=main.__doc__)
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
    config = load_config(arguments.config)
    level = arguments.log_level or config.logging.level
    set_up(level, secrets_of(config), config.logging.format)
    for notice in config.notices:
        log.warning("%s", notice)
    stop = Stop()
    stop.on_signals()
    try:
        return run(
            config,
            stop,
            Wishes(
                once=arguments.once,
                retry_failed=arguments.retry_failed,
                resume_editing=arguments.resume_editing,
            ),
        )
    except Stopping:
        log.info("stopped")
    except UserError:
        raise  # one line, which the dispatcher prints
    except Exception:
        # The dispatcher's line has no trace, and in a container the log is all there is.
        log.exception("the bot ends for a defect of its own; please report this")
        raise
    return 0


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is asked of this one start."""

    once: bool = False
    retry_failed: bool = False
    resume_editing: bool = False


TO_WATCH = Wishes()


def run(
    config: Config,
    stop: Stop,
    wishes: Wishes = TO_WATCH,
    *,
    make_speech_worker: MakeSpeechWorker = open_speech,
) -> int:
    """Run the bot until it is asked to stop (``Stopping``), or once through the posts.

    Returns the exit code of a single pass: FAILED if something that it tried is not described.

    Errors are those of a start that can't succeed (ConfigError, StateError, ServerError,
    ModelError), and StateError where the state file is damaged meanwhile.
    """
    trusted.check(os.environ)
    with ExitStack() as stack:
        store = stack.enter_context(open_store(config, stop, once=wishes.once))
        remove_leftovers(downloads_of(config))
        account = Account(config.mastodon, store, stop.clock)
        speech = make_speech_worker(config.whisper) if config.whisper.enabled else None
        if speech is not None:
            stack.callback(speech.close)
        health = Health(
            server=account.health,
            queue=account,
            worker=speech,
            longest_request=config.vision.timeout_seconds,
        )
        if not wishes.once:
            stack.enter_context(answering(health, config))
        progress = BotProgress(stop, health)
        session = sign_in(account, progress, once=wishes.once)
        take_up(account.state, wishes)
        limit = account.instance.description_limit
        log.info("account: %s, descriptions up to %d characters", account.name, limit)
        start_speech(config.whisper, speech)
        writer = build_writer(
            config, limit, speech, progress, answers_again=account.state.make_deferred_due
        )
        describer = make_describer(account, session, writer, stop, progress)
        bot = build_bot(account, describer, health, stop, progress)
        # The other threads must be gone, or at least idle, before the store is closed.
        stack.callback(stop.request)
        health.ready()
        if wishes.once:
            return ExitCode.FAILED if bot.run_once().failed else 0
        bot.run()
    return 0


@contextmanager
def answering(health: Health, config: Config) -> Iterator[None]:
    """Answer for the health, and leave word where."""
    announced = health_address.announced(config.state.directory, config.health)
    with serving(health, config.health), announced:
        yield


def open_store(config: Config, stop: Stop, *, once: bool) -> AbstractContextManager[Store]:
    """What is remembered; a single pass has no second turn in which a lock on it is over."""
    return opened(
        config.state.directory,
        clock=stop.clock.now,
        monotonic=stop.clock.monotonic,
        patience=OPENING_PATIENCE_SECONDS if once else PATIENCE_SECONDS,
    )


def sign_in(account: Account, progress: Progress, *, once: bool) -> MastodonClient:
    """Sign the account in; returns the main thread's session.

    A server that this bot has worked with before is waited for, whatever it answers, unless it is
    to run ``once``: after a power cut it may be slower to start than the bot. One that it never
    worked with is waited for where it may be down or in trouble; where there is no such name, no
    TLS that is accepted, or something that is no such server, its address is more likely wrong, and
    somebody who just wrote it should hear that at once.
    """
    session = account.session(progress)
    ends: tuple[type[TemporaryServerError], ...] = ()
    if once:
        ends = (TemporaryServerError,)
    elif not account.server_is_known:
        ends = (UnreachableError, UnexpectedAnswerError)
    ask_until_reachable(lambda: account.sign_in(session), account.health, progress, ends=ends)
    return session


def make_describer(
    account: Account, session: MastodonClient, writer: AltTextWriter, stop: Stop, progress: Progress
) -> Describer:
    """What describes the account's posts, for the main thread."""
    return Describer(
        session,
        writer,
        account.instance.dialect,
        visibilities=account.settings.visibilities,
        progress=progress,
        clock=stop.clock.monotonic,
    )


def take_up(state: AccountState, wishes: Wishes) -> None:
    """Do with what is remembered what this start was asked for."""
    if wishes.retry_failed:
        log.info("trying again %d attachments that were given up", state.retry_failed())
    if wishes.resume_editing:
        reason = state.halted()
        state.resume()
        if reason is None:
            log.info("editing was not stopped; there is nothing to resume")
        else:
            log.warning("editing goes on, as was asked for; it had been stopped: %s", reason)


def start_speech(settings: WhisperSettings, speech: SpeechWorker | None) -> None:
    """Load the Whisper model, unless that is to wait for the first clip."""
    if speech is None:
        log.info("audio and video: not described, [whisper] enabled is false")
        return
    log.info("audio and video: %s", described(settings))
    if settings.preload:
        speech.start()
