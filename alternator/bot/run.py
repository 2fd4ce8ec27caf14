"""``alternator run``: puts the bot together, says what it is, and keeps it going."""

import argparse
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from alternator.alt_text.vision import VisionClient
from alternator.alt_text.writer import AltTextWriter
from alternator.bot.describe import Describer
from alternator.bot.find_posts import Survey
from alternator.bot.health import Health, serve
from alternator.bot.outage import Outage
from alternator.bot.watch import Watcher
from alternator.config.load import load_config
from alternator.config.settings import Config
from alternator.errors import TemporaryServerError
from alternator.log import LEVELS, log, set_up
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.stream import Stream
from alternator.media.download import remove_leftovers
from alternator.speech.transcriber import Transcriber
from alternator.stopping import Stop, Stopping
from alternator.store.lock import locked
from alternator.store.state import Store

STATE_FILE = "state.sqlite3"

T = TypeVar("T")


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
    return 0


def run(
    config: Config,
    stop: Stop,
    *,
    once: bool = False,
    retry_failed: bool = False,
    make_transcriber: Callable[..., Transcriber] = Transcriber,
) -> None:
    """Run the bot until it is asked to stop (``Stopping``), or ``once`` through the posts.

    Errors are those of a start that can't succeed: ConfigError, ServerError, ModelError.
    """
    with ExitStack() as stack:
        directory = config.state.directory
        stack.enter_context(locked(directory))
        store = Store(directory / STATE_FILE, clock=time.time)
        stack.callback(store.close)
        downloads = directory / "downloads"
        remove_leftovers(downloads)

        health = Health(longest_request=config.vision.timeout_seconds)

        def beat() -> None:
            health.beat()
            stop.check()

        if not once and (server := serve(health, config.health)) is not None:
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        outage = Outage(health, stop)
        client = MastodonClient(config.mastodon, pause=stop.pause, beat=health.beat)
        # A server that this bot has worked with before is waited for: after a power cut it may
        # be slower to start than the bot.
        patient = not once and store.knows_server(client.url)
        account = answer(client.verify, outage, health, patient=patient)
        instance = answer(client.instance, outage, health, patient=patient)
        store.bind(client.url, account.id)
        if retry_failed:
            log.info("trying again %d attachments that were given up", store.retry_failed())
        log.info(
            "account: %s, descriptions up to %d characters",
            account.name,
            instance.description_limit,
        )

        transcriber = start_transcriber(config, health, make_transcriber)
        if transcriber is not None:
            stack.callback(transcriber.close)
        writer = AltTextWriter(
            config,
            speech=transcriber,
            vision=start_vision(config, stop, beat),
            limit=instance.description_limit,
            directory=downloads,
            beat=beat,
        )
        describer = Describer(client, writer)
        # The polling thread has a client of its own.
        survey = Survey(
            MastodonClient(config.mastodon, pause=stop.pause),
            store,
            describer,
            account_id=account.id,
            backfill_count=config.mastodon.backfill_count,
        )
        watcher = Watcher(
            config,
            store=store,
            survey=survey,
            describer=describer,
            health=health,
            outage=outage,
            stop=stop,
        )
        health.queue = store.counts
        health.ready = True
        # Threads must be gone, or at least idle, before the store is closed.
        stack.callback(stop.request)
        if once:
            tally = watcher.run_once()
            log.info(
                "done: %d described, %d left alone, %d failed",
                tally.described,
                tally.left,
                tally.failed,
            )
            return
        stream = None
        if config.mastodon.user_stream:
            stream = Stream(
                MastodonClient(config.mastodon, pause=stop.pause),
                instance.streaming_url,
                stop,
                notice=watcher.notice,
                connected=watcher.look_now,
            )
        watcher.run(stream)


def secrets_of(config: Config) -> list[str]:
    """What must not stand in the log, the passwords within addresses included."""
    addresses = (config.mastodon.instance_url, config.vision.base_url)
    passwords = [urlsplit(address).password for address in addresses]
    return [
        secret
        for secret in (config.mastodon.access_token, config.vision.api_key, *passwords)
        if secret
    ]


def answer(ask: Callable[[], T], outage: Outage, health: Health, *, patient: bool) -> T:
    """What the server answers at the start.

    ``patient``: asked until it can be reached. Otherwise ServerError if it can't be; always if it
    refuses the token.
    """
    for failures in count(1):
        try:
            found = ask()
        except TemporaryServerError as error:
            if not patient:
                raise
            outage.met(error)
            # Waiting for the server is no fault of the bot: a restart would not mend it.
            health.ready = True
            outage.wait(failures, error)
        else:
            outage.over()
            health.ready = False  # the model is still to be loaded
            return found
    raise AssertionError("counting has no end")


def start_transcriber(
    config: Config, health: Health, make_transcriber: Callable[..., Transcriber]
) -> Transcriber | None:
    """The Whisper worker, with its model loaded unless that is to wait for the first clip."""
    if not config.whisper.enabled:
        log.info("audio and video: not described, [whisper] enabled is false")
        return None
    transcriber = make_transcriber(config.whisper)
    health.worker = lambda: transcriber.state
    log.info("audio and video: Whisper model %s", config.whisper.model)
    if config.whisper.preload:
        try:
            transcriber.start()
        except BaseException:
            transcriber.close()
            raise
    return transcriber


def start_vision(config: Config, stop: Stop, beat: Callable[[], None]) -> VisionClient | None:
    """The client of the vision endpoint, if one is configured."""
    settings = config.vision
    if not settings.enabled:
        log.warning(
            "pictures: not described; set [openrouter] api_key, or base_url for an endpoint of "
            "your own"
        )
        return None
    log.info("pictures: %s at %s", settings.vision_models[0], settings.base_url)
    return VisionClient(settings, pause=stop.pause, beat=beat)
