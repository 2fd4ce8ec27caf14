"""``alternator run``: puts the bot together, says what it is, and keeps it going."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from alternator.accounts.account import Account
from alternator.alt_text.writer import AltTextWriter
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
from alternator.log import LEVELS, log, set_up
from alternator.mastodon.client import MastodonClient
from alternator.media.download import remove_leftovers
from alternator.progress import Progress
from alternator.speech.transcriber import Transcriber
from alternator.speech.worker.words import model_of
from alternator.stopping import Stop, Stopping
from alternator.store.opening import opened
from probe.errors import UserError


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
    set_up(arguments.log_level or config.logging.level, secrets_of(config))
    for notice in config.notices:
        log.warning("%s", notice)
    stop = Stop()
    stop.on_signals()
    try:
        run(config, stop, once=arguments.once, retry_failed=arguments.retry_failed)
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
    *,
    once: bool = False,
    retry_failed: bool = False,
    make_speech_worker: MakeSpeechWorker = Transcriber,
) -> None:
    """Run the bot until it is asked to stop (``Stopping``), or ``once`` through the posts.

    Errors are those of a start that can't succeed: ConfigError, StateError, ServerError,
    ModelError.
    """
    with ExitStack() as stack:
        store = stack.enter_context(opened(config.state.directory, clock=stop.clock.now))
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
        if not once:
            stack.enter_context(serving(health, config.health))
        progress = BotProgress(stop, health)
        session = sign_in(account, progress, once=once)
        if retry_failed:
            count = account.state.retry_failed()
            log.info("trying again %d attachments that were given up", count)
        limit = account.instance.description_limit
        log.info("account: %s, descriptions up to %d characters", account.name, limit)
        start_speech(config.whisper, speech)
        writer = build_writer(config, limit, speech, progress)
        describer = make_describer(account, session, writer, stop, progress)
        bot = build_bot(account, describer, health, stop, progress)
        # The other threads must be gone, or at least idle, before the store is closed.
        stack.callback(stop.request)
        health.ready()
        if once:
            bot.run_once()
        else:
            bot.run()


def sign_in(account: Account, progress: Progress, *, once: bool) -> MastodonClient:
    """Sign the account in; returns the main thread's session.

    A server that this bot has worked with before is waited for, unless it is to run ``once``:
    after a power cut it may be slower to start than the bot.
    """
    session = account.session(progress)
    patient = not once and account.server_is_known
    ask_until_reachable(lambda: account.sign_in(session), account.health, progress, patient=patient)
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


def start_speech(settings: WhisperSettings, speech: SpeechWorker | None) -> None:
    """Load the Whisper model, unless that is to wait for the first clip."""
    if speech is None:
        log.info("audio and video: not described, [whisper] enabled is false")
        return
    log.info("audio and video: %s", model_of(settings.engine, settings.model))
    if settings.preload:
        speech.start()
