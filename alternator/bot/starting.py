"""The steps of a start, for the bot of one account and for that of several."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from alternator.accounts.account import Account
from alternator.alt_text.writer import SpeechReader
from alternator.bot import health_address
from alternator.bot.bot import Bot, SpeechWorker, build_bot, build_writer
from alternator.bot.by_mode import ModeDescriber
from alternator.bot.conduct import Conduct, by_mode, conduct_of, no_workers
from alternator.bot.describe import Describer
from alternator.bot.endpoints import Endpoints
from alternator.bot.health import Health, Reporting, serving
from alternator.bot.outage import ask_until_reachable
from alternator.bot.progress import BotProgress
from alternator.bot.telling import LostGpu
from alternator.bot.thumbnails import PostThumbnails
from alternator.bot.work import OnPublished
from alternator.config.models import WhisperSettings
from alternator.config.settings import Config
from alternator.dashboard import server as dashboard
from alternator.dashboard.watched import Watched
from alternator.errors import TemporaryServerError, UnexpectedAnswerError, UnreachableError
from alternator.log import log
from alternator.mastodon.client import MastodonClient
from alternator.media.confined.standing import say_how_decoders_are_held
from alternator.progress import Progress
from alternator.speech.opening import described
from alternator.speech.worker.slot import WorkerReport
from alternator.stopping import Stop
from alternator.store.interface import AccountState, Store
from alternator.store.opening import OPENING_PATIENCE_SECONDS, PATIENCE_SECONDS, opened


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What is asked of this one start."""

    once: bool = False
    retry_failed: bool = False
    resume_editing: bool = False
    # Of a single pass: wait for the server's limit however long that takes; what is done first.
    patient: bool = False
    begin: Callable[[Account, MastodonClient, BotProgress], None] | None = None


TO_WATCH = Wishes()


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What the accounts of a bot share: the transcriber, how its workers are, and what is known of
    endpoints."""

    speech: SpeechReader | None
    endpoints: Endpoints
    workers: Callable[[], Sequence[WorkerReport]] = no_workers
    on_published: OnPublished | None = None


@contextmanager
def answering(
    health: Reporting, members: Sequence[tuple[Config, Account, Health]]
) -> Iterator[None]:
    """Answer for the health, leave word where, and serve the dashboard of these accounts."""
    config = members[0][0]
    announced = health_address.announced(config.state.directory, config.health)
    watched = [watched_of(*member) for member in members]
    with (
        serving(health, config.health),
        announced,
        dashboard.serving(watched, config.dashboard),
    ):
        yield


def watched_of(config: Config, account: Account, health: Health) -> Watched:
    """What the dashboard is shown of an account."""
    return Watched(
        config=config,
        account=account,
        condition=health.condition,
        thumbnails=PostThumbnails(config, account),
    )


def open_store(config: Config, stop: Stop, *, once: bool) -> AbstractContextManager[Store]:
    """What is remembered; a single pass has no second turn in which a lock on it is over."""
    return opened(
        config.state.directory,
        clock=stop.clock.now,
        monotonic=stop.clock.monotonic,
        patience=OPENING_PATIENCE_SECONDS if once else PATIENCE_SECONDS,
        database=config.database,
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


# size: each comes from another owner: operator, server, what is shared, threads, signals.
def bot_of(
    config: Config,
    account: Account,
    session: MastodonClient,
    shared: Shared,
    progress: BotProgress,
    health: Health,
    stop: Stop,
) -> Bot:
    """The bot of an account that is signed in, by ``session``.

    That and ``progress`` are its main thread's.
    """
    describer, conduct = describer_of(config, account, session, shared, progress)
    return build_bot(account, describer, health, stop, progress, conduct=conduct)


def describer_of(
    config: Config,
    account: Account,
    session: MastodonClient,
    shared: Shared,
    progress: Progress,
) -> tuple[ModeDescriber, Conduct]:
    """What describes an account's posts in one thread, which ``session`` and ``progress`` belong
    to, and how the account is dealt with. ServerError if its token lacks a scope."""
    writer = build_writer(
        config,
        account.instance.description_limit,
        shared.speech,
        progress,
        answers_again=account.state.make_deferred_due,
        endpoints=shared.endpoints,
    )
    conduct = conduct_of(
        config,
        account,
        session,
        progress,
        LostGpu(shared.workers),
        partial(shared.endpoints.used_up, config.vision),
    )
    describer = Describer(
        session,
        writer,
        account.instance.dialect,
        wanted=conduct.wanted,
        progress=progress,
        clock=progress.clock.monotonic,
        history=account.state.history,
    )
    return by_mode(describer, account, session, conduct), conduct


def workers_of(speech: SpeechWorker | None) -> Callable[[], Sequence[WorkerReport]]:
    """What tells how the workers are."""
    return no_workers if speech is None else lambda: speech.workers


def health_of(config: Config, account: Account, speech: SpeechWorker | None) -> Health:
    """The record of one account's health."""
    return Health(
        server=account.health,
        queue=account,
        worker=speech,
        longest_request=config.vision.timeout_seconds,
    )


def signed_in(account: Account, progress: Progress, wishes: Wishes) -> MastodonClient:
    """Sign the account in, and do with what is remembered what this start was asked for.

    Returns its main thread's session.
    """
    session = sign_in(account, progress, once=wishes.once)
    take_up(account.state, wishes)
    limit = account.instance.description_limit
    log.info("account: %s, descriptions up to %d characters", account.name, limit)
    return session


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
    """Load the Whisper model, unless that is to wait for the first clip; decoders are tried first,
    since this process is idle then."""
    say_how_decoders_are_held()
    if speech is None:
        log.info("what is said in audio and video: not heard, [whisper] enabled is false")
        return
    log.info("audio and video: %s", described(settings))
    if settings.preload:
        speech.start()
