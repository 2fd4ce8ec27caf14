"""Small pictures of a member's own posts, for the member's pages.

They are made with the member's token, of posts that are remembered of the member's account alone,
and kept for some minutes in memory. A picture is worth no wait: where the server asks for one, or
fails, there is none.
"""

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import get_args

from alternator.accounts.small_picture import DOWNLOAD_SECONDS, remember, small_picture
from alternator.config.settings import Config
from alternator.errors import AlternatorError, StateError, TemporaryServerError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.mastodon.rate_budget import Limit, RateBudget
from alternator.media.download import Downloads, remove_leftovers
from alternator.members.cipher import Cipher
from alternator.members.config_of import config_of
from alternator.members.states import States
from alternator.progress import Progress
from alternator.store.cluster import Cluster, Enrolled
from alternator.store.outcomes import AttachmentState

log = logging.getLogger(__name__)

STATES: tuple[AttachmentState, ...] = get_args(AttachmentState)
KEPT_SECONDS = 600.0
# After which what could not be had is tried again.
FAILED_SECONDS = 60.0
# Of all members together, of 10 to 40 KB each; and posts as their server told them.
MOST_KEPT = 512
MOST_STATUSES = 128
MOST_OF_POST = 100  # attachments
# Posts that a server is asked for, of each member: the rest of what it allows is for the work.
MOST_LOOKS, LOOKS_SECONDS = 100, 300.0


class Impatient(Progress):
    """Waits for nothing."""

    def pause(self, seconds: float) -> None:
        """TemporaryServerError."""
        raise TemporaryServerError("the server would have to be waited for")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """An attachment of a member."""

    account: int
    status_id: str
    attachment_id: str


@dataclass(frozen=True, kw_only=True)
class Made:
    """A picture, or None for there is none, and until when that is kept (monotonic seconds)."""

    picture: bytes | None
    until: float


class MemberPictures:
    """Those of all members. For any thread."""

    # size: what is configured, what is kept where, the key, the time.
    def __init__(
        self,
        base: Config,
        cluster: Cluster,
        states: States,
        cipher: Cipher,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base = base
        self._cluster = cluster
        self._states = states
        self._cipher = cipher
        self._monotonic = monotonic
        self._lock = threading.Lock()  # guards what follows
        self._kept: OrderedDict[Wanted, Made] = OrderedDict()
        self._statuses: OrderedDict[tuple[int, str], tuple[Status, float]] = OrderedDict()
        self._looks: dict[int, deque[float]] = {}

    @property
    def folder(self) -> Path:
        """Where files lie while they are made smaller."""
        return self._base.state.directory / "pictures"

    def begin(self) -> None:
        """Remove what a crash left behind."""
        remove_leftovers(self.folder)

    def wanted(self, entry: Enrolled, status_id: str, attachment_id: str) -> Wanted | None:
        """A member's own attachment; None for anybody else's, and for one that is not remembered.

        So an id from elsewhere asks no server anything.
        """
        state = self._states.get(entry.account)
        if state is None or entry.account is None:
            return None
        listed = state.listing.page(STATES, most=MOST_OF_POST, status_id=status_id)
        if not any(one.attachment_id == attachment_id for one in listed):
            return None
        return Wanted(account=entry.account, status_id=status_id, attachment_id=attachment_id)

    def kept(self, wanted: Wanted) -> Made | None:
        """What was made of late; None if nothing was."""
        with self._lock:
            self._forget()
            return self._kept.get(wanted)

    def make(self, entry: Enrolled, wanted: Wanted) -> Made:
        """Make it, unless that was done. KeyMismatchError, StateError."""
        before = self.kept(wanted)
        if before is not None:
            return before
        config = config_of(self._base, entry, self._cipher)
        seconds = KEPT_SECONDS
        picture = None
        try:
            picture = self._made(config, wanted)
        except StateError:
            raise
        except AlternatorError as error:
            log.debug("no picture of attachment %s: %s", wanted.attachment_id, error)
            seconds = FAILED_SECONDS
        made = Made(picture=picture, until=self._monotonic() + seconds)
        with self._lock:
            remember(self._kept, wanted, made, MOST_KEPT)
        return made

    def forget(self, account: int) -> None:
        """An account has left."""
        with self._lock:
            for wanted in [key for key in self._kept if key.account == account]:
                del self._kept[wanted]
            for key in [key for key in self._statuses if key[0] == account]:
                del self._statuses[key]

    def _made(self, config: Config, wanted: Wanted) -> bytes | None:
        status = self._status(config, wanted)
        seconds = min(config.media.download_timeout_seconds, DOWNLOAD_SECONDS)
        media = replace(config.media, download_timeout_seconds=seconds)
        downloads = Downloads(media, self.folder, config.mastodon.instance_url)
        return small_picture(status, wanted.attachment_id, config.mastodon.visibilities, downloads)

    def _status(self, config: Config, wanted: Wanted) -> Status:
        """The post. ServerError where it can't be asked for, or not now."""
        key = wanted.account, wanted.status_id
        with self._lock:
            known = self._statuses.get(key)
        if known is not None:
            return known[0]
        token = config.mastodon.access_token
        limits = self._cluster.limits
        if "read" in limits.get(wanted.account, token) or limits.is_refused(wanted.account, token):
            raise TemporaryServerError("the server takes no requests for this account now")
        self._look(wanted.account)
        budget = RateBudget(others=partial(self._tell_limit, wanted.account, token))
        client = MastodonClient(config.mastodon, progress=Impatient(), budget=budget)
        status = client.status(wanted.status_id)
        with self._lock:
            until = self._monotonic() + KEPT_SECONDS
            remember(self._statuses, key, (status, until), MOST_STATUSES)
        return status

    def _look(self, account: int) -> None:
        """Count a question to the server. TemporaryServerError where there were too many."""
        now = self._monotonic()
        with self._lock:
            looks = self._looks.setdefault(account, deque())
            while looks and now - looks[0] > LOOKS_SECONDS:
                looks.popleft()
            if len(looks) >= MOST_LOOKS:
                raise TemporaryServerError("this account's server was asked often enough for now")
            looks.append(now)

    def _tell_limit(self, account: int, token: str, limit: Limit, seconds: float) -> None:
        with suppress(StateError):
            self._cluster.limits.set(account, token, limit, seconds)

    def _forget(self) -> None:
        """Drop what is over: nothing of one who left stays for long. Under the lock."""
        now = self._monotonic()
        for wanted in [key for key, made in self._kept.items() if made.until <= now]:
            del self._kept[wanted]
        for key in [key for key, (_, until) in self._statuses.items() if until <= now]:
            del self._statuses[key]
        for account in [
            key for key, looks in self._looks.items() if now - looks[-1] > LOOKS_SECONDS
        ]:
            del self._looks[account]
