"""What the dashboard is shown of a running bot: each account, and how it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from alternator.accounts.health import ServerReport
from alternator.config.settings import Config
from alternator.speech.worker.slot import WorkerReport
from alternator.store.interface import AccountState
from alternator.store.outcomes import AttachmentState


@dataclass(frozen=True, kw_only=True)
class Condition:
    """How the work for one account is.

    ``trouble`` is what a restart may mend, '' while there is no such thing; ``worker`` is the
    transcriber's state, "disabled" where there is none; ``described`` counts since the start.
    ``watcher`` is which process watches the account, where that is another.
    """

    trouble: str
    starting: bool
    worker: str
    workers: Sequence[WorkerReport]
    server: ServerReport
    last_success: datetime | None
    described: int
    paused: bool = False
    watcher: str = ""


class Thumbnails(Protocol):
    """Where small pictures of attachments come from: ``alternator/bot/thumbnails.py``."""

    def get(self, status_id: str, attachment_id: str) -> bytes | None: ...


class Seen(Protocol):
    """An account as pages see it: of this process (``alternator/accounts/account.py``), or of the
    store alone."""

    @property
    def is_signed_in(self) -> bool: ...

    @property
    def name(self) -> str: ...

    @property
    def state(self) -> AccountState: ...

    @property
    def halted(self) -> str | None: ...

    @property
    def description_limit(self) -> int: ...

    def queue(self) -> Mapping[AttachmentState, int]: ...


@dataclass(frozen=True, kw_only=True)
class Watched:
    """One account of the bot. ``condition`` may be asked by any thread at any time."""

    config: Config
    account: Seen
    condition: Callable[[], Condition]
    thumbnails: Thumbnails | None = None

    @property
    def name(self) -> str:
        """user@server, or what is known of that before it is signed in."""
        if self.account.is_signed_in:
            return self.account.name
        return self.config.mastodon.instance_url.partition("://")[2]

    @property
    def directory(self) -> Path:
        """The bot's state directory."""
        return self.config.state.directory
