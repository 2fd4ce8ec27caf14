"""The accounts of one bot: what is each one's, and what they share."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alternator.accounts.account import Account
from alternator.alt_text.writer import SpeechReader
from alternator.bot.bot import Bot, SpeechWorker
from alternator.bot.conduct import modes_of
from alternator.bot.endpoints import Endpoints
from alternator.bot.health import Health
from alternator.bot.progress import BotProgress
from alternator.bot.starting import Shared, bot_of, health_of, workers_of
from alternator.config.models import WhisperSettings
from alternator.config.settings import Config
from alternator.mastodon.client import MastodonClient
from alternator.progress import Progress
from alternator.speech.options import SpeakerOptions, configured
from alternator.speech.transcript import Transcript
from alternator.stopping import Stop
from alternator.store.interface import Store


@dataclass(frozen=True, kw_only=True)
class OfAccount:
    """The shared transcriber, as one account's settings ask for its work."""

    shared: SpeechWorker
    settings: WhisperSettings

    def transcribe(self, path: Path, *, progress: Progress) -> Transcript:
        """As ``alternator.speech.transcriber.Transcriber.transcribe`` does."""
        speakers = SpeakerOptions() if self.settings.name_speakers else None
        options = configured(self.settings)
        return self.shared.transcribe(path, options=options, speakers=speakers, progress=progress)


@dataclass(frozen=True, kw_only=True)
class Member:
    """One of the accounts, and what works for it."""

    config: Config
    account: Account
    health: Health
    shared: Shared

    def bot(self, session: MastodonClient, progress: BotProgress, stop: Stop) -> Bot:
        """Its bot, once it is signed in."""
        return bot_of(self.config, self.account, session, self.shared, progress, self.health, stop)


def shared_whisper(configs: Sequence[Config]) -> WhisperSettings | None:
    """The settings of the one transcriber; None where no account has audio described.

    What may differ by account goes with each request.
    """
    heard = [config.whisper for config in configs if config.whisper.enabled]
    if not heard:
        return None
    return replace(heard[0], name_speakers=all(settings.name_speakers for settings in heard))


def members_of(
    configs: Sequence[Config],
    store: Store,
    stop: Stop,
    speech: SpeechWorker | None,
    whisper: WhisperSettings | None,
) -> list[Member]:
    """The accounts with what is theirs and what is shared."""
    endpoints = Endpoints(store)
    members = []
    for config in configs:
        edits = modes_of(config).ever_edits
        account = Account(config.mastodon, store, stop.clock, edits=edits)
        reader = speech if config.whisper.enabled else None
        health = health_of(config, account, reader)
        heard_as: SpeechReader | None = reader
        if reader is not None and config.whisper != whisper:
            heard_as = OfAccount(shared=reader, settings=config.whisper)
        shared = Shared(speech=heard_as, endpoints=endpoints, workers=workers_of(speech))
        members.append(Member(config=config, account=account, health=health, shared=shared))
    return members
