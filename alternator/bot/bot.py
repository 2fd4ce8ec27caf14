"""The bot of one account, put together from its parts."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from alternator.accounts.account import Account
from alternator.alt_text.breaker import nothing_waits
from alternator.alt_text.writer import AltTextWriter, SpeechReader
from alternator.bot.conduct import Conduct, usual_conduct
from alternator.bot.draft import Describes
from alternator.bot.endpoints import Endpoints
from alternator.bot.errand_work import ErrandWork
from alternator.bot.find_posts import PostFinder
from alternator.bot.health import Health
from alternator.bot.parts import Parts
from alternator.bot.progress import BotProgress
from alternator.bot.single_pass import SinglePass
from alternator.bot.speech_lane import SpeechLane
from alternator.bot.undo import Undo
from alternator.bot.watch import Watcher
from alternator.bot.work import Tally, Work
from alternator.config.models import WhisperSettings
from alternator.config.settings import Config
from alternator.mastodon.streams.events import EventReader
from alternator.mastodon.streams.follow import Stream
from alternator.mastodon.streams.ways import ways_to_hear
from alternator.progress import Progress
from alternator.progress_line import LINE
from alternator.speech.options import DecodingOptions, SpeakerOptions
from alternator.speech.transcript import Transcript
from alternator.speech.worker.slot import WorkerReport
from alternator.stopping import Stop

log = logging.getLogger(__name__)

DOWNLOADS = "downloads"  # in the state directory


class SpeechWorker(SpeechReader, Protocol):
    """The Whisper worker: ``alternator.speech.transcriber.Transcriber``."""

    @property
    def state(self) -> str: ...

    @property
    def workers(self) -> Sequence[WorkerReport]: ...

    def transcribe(
        self,
        path: Path,
        *,
        options: DecodingOptions | None = None,
        speakers: SpeakerOptions | None = None,
        progress: Progress,
    ) -> Transcript: ...

    def start(self) -> None: ...

    def probe(self) -> None: ...

    def close(self) -> None: ...


class MakeSpeechWorker(Protocol):
    """What makes one. It starts nothing yet."""

    def __call__(self, settings: WhisperSettings, /) -> SpeechWorker: ...


@dataclass(frozen=True, kw_only=True)
class Bot:
    """An account that is signed in, and what works for it. ``stream`` is None for polling alone."""

    account: Account
    watcher: Watcher
    single_pass: SinglePass
    stream: Stream | None

    def run(self) -> None:
        """Watch until ``Stopping`` is raised."""
        self.watcher.run(self.stream)

    def run_once(self, *, patient: bool = False) -> Tally:
        """Go through the posts once; what came of it. ServerError if the server can't be asked.

        ``patient``: wait for the server's limit, and for our own budget, however long.
        """
        try:
            tally = self.single_pass.run(patient=patient)
        finally:
            LINE.end()
        log.info(
            "done: %d described, %d left alone, %d failed",
            tally.described,
            tally.left,
            tally.failed,
        )
        return tally


# size: each comes from another owner: account, main thread's describer, signals, operator.
def build_bot(
    account: Account,
    describer: Describes,
    health: Health,
    stop: Stop,
    progress: BotProgress,
    *,
    conduct: Conduct | None = None,
) -> Bot:
    """The bot of an account that is signed in.

    ``describer`` and ``progress`` are the main thread's; the one for speech gets a session and a
    progress of its own. ``conduct`` is what is configured, if not the usual.
    """
    conduct = conduct or usual_conduct(account, progress)
    wake = threading.Event()
    in_lane = BotProgress(stop, health.speech)
    lane = SpeechLane(
        describer.beside(account.session(in_lane), in_lane),
        health.speech,
        stop.clock,
        wake.set,
        account.settings.instance_url,
    )
    undo = Undo(
        client=describer.client,
        instance=account.instance,
        owner=account.id,
        state=account.state,
        stop=stop,
        by_bot=True,
    )
    parts = Parts(
        account=account,
        finder=PostFinder(
            account,
            describer.client,
            describer,
            stop.clock,
            wanted=conduct.wanted,
            heard=conduct.heard,
        ),
        work=Work(account, describer, lane, health, stop, pace=conduct.pace),
        pace=conduct.pace,
        chores=conduct.chores,
        errands=ErrandWork(undo, describer.other_bot),
        wake=wake,
        progress=progress,
        stop=stop,
    )
    watcher = Watcher(parts)
    reader = EventReader(account.id, others=stirring(conduct, wake))
    ways = ways_to_hear(account.settings, account.instance) if account.settings.user_stream else ()
    return Bot(
        account=account,
        watcher=watcher,
        single_pass=SinglePass(parts),
        # Without a stream, polling serves alone.
        stream=Stream(ways, reader, stop, watcher) if ways else None,
    )


def stirring(conduct: Conduct, wake: threading.Event) -> Callable[[str | None], None]:
    """What is told of notifications and of posts of others: it wakes who is to read them."""
    others = conduct.others

    def stirred(author: str | None) -> None:
        if others is not None and others.hearing.stirred(author):
            wake.set()

    return stirred


# size: the last two have a default; the others come from operator, server, worker, caller.
def build_writer(
    config: Config,
    limit: int,
    speech: SpeechReader | None,
    progress: Progress,
    *,
    answers_again: Callable[[], int] = nothing_waits,
    endpoints: Endpoints | None = None,
) -> AltTextWriter:
    """What makes texts of up to ``limit`` characters, on behalf of the account's main thread.

    ``answers_again`` is told when the vision endpoint answers again after a failure; ``endpoints``
    are those that other accounts ask too.
    """
    known = endpoints or Endpoints()
    return AltTextWriter(
        config,
        speech=speech,
        vision=known.client(config.vision, progress, answers_again, account=config.account),
        limit=limit,
        directory=downloads_of(config),
        progress=progress,
    )


def downloads_of(config: Config) -> Path:
    """Where attachments lie while they are described."""
    return config.state.directory / DOWNLOADS
