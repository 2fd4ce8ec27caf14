"""Small pictures of attachments for the dashboard (``alternator/accounts/small_picture.py``).

They are kept in memory alone.
"""

import logging
import threading
from collections import OrderedDict
from dataclasses import replace
from typing import get_args

from alternator.accounts.account import Account
from alternator.accounts.small_picture import DOWNLOAD_SECONDS, remember, small_picture
from alternator.bot.bot import downloads_of
from alternator.config.settings import Config
from alternator.errors import AlternatorError
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.media.download import Downloads
from alternator.progress import SILENT
from alternator.store.outcomes import AttachmentState

log = logging.getLogger(__name__)

STATES: tuple[AttachmentState, ...] = get_args(AttachmentState)
# Of 10 to 40 KB each.
MOST_KEPT = 128
MOST_STATUSES = 32


class PostThumbnails:
    """Those of one account. Any thread may ask; one picture is made at a time."""

    def __init__(self, config: Config, account: Account) -> None:
        self._config = config
        self._account = account
        self._lock = threading.Lock()  # guards all below
        self._client: MastodonClient | None = None
        self._downloads: Downloads | None = None
        self._kept: OrderedDict[tuple[str, str], bytes | None] = OrderedDict()
        self._statuses: OrderedDict[str, Status] = OrderedDict()

    def get(self, status_id: str, attachment_id: str) -> bytes | None:
        """A PNG or a JPEG file; None for what is no picture, or can't be had now."""
        key = (status_id, attachment_id)
        with self._lock:
            if key not in self._kept:
                try:
                    picture = self._made(status_id, attachment_id)
                except AlternatorError as error:
                    log.debug("no thumbnail of attachment %s: %s", attachment_id, error)
                    return None
                remember(self._kept, key, picture, MOST_KEPT)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _made(self, status_id: str, attachment_id: str) -> bytes | None:
        if self._client is None or self._downloads is None:
            self._client = self._account.session(SILENT)
            seconds = min(self._config.media.download_timeout_seconds, DOWNLOAD_SECONDS)
            self._downloads = Downloads(
                replace(self._config.media, download_timeout_seconds=seconds),
                downloads_of(self._config),
                self._config.mastodon.instance_url,
            )
        status = self._statuses.get(status_id)
        if status is None:
            if self._account.budget.seconds_left("read") > 0:
                return None
            # Only of what the bot remembers: an id from elsewhere asks nobody anything.
            if not self._account.state.listing.number(STATES, status_id=status_id):
                return None
            status = self._client.status(status_id)
            remember(self._statuses, status_id, status, MOST_STATUSES)
        visibilities = self._account.settings.visibilities
        return small_picture(status, attachment_id, visibilities, self._downloads)
