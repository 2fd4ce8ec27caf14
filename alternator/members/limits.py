"""How long a description may be on a server: asked once in a while, where no bot is at hand."""

import logging
import threading
import time
from collections.abc import Callable

from alternator.config.settings import MastodonSettings
from alternator.errors import ServerError
from alternator.mastodon.client import MastodonClient

log = logging.getLogger(__name__)

FRESH_SECONDS = 3600.0
AGAIN_SECONDS = 60.0
# Mastodon's, until the server tells its own:
# https://github.com/mastodon/mastodon/blob/main/app/models/media_attachment.rb
USUAL = 1500


def asked(server: str) -> int:
    """What a server says. ServerError if it can't be reached."""
    nobody = MastodonSettings(instance_url=server, access_token="")
    return MastodonClient(nobody).instance().description_limit


class Limits:
    """Those of all servers, in characters. Any thread may ask."""

    def __init__(
        self,
        ask: Callable[[str], int] = asked,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, int]] = {}  # until when, and what

    def get(self, server: str) -> int:
        """A server's limit; the usual one where it does not answer."""
        with self._lock:
            until, limit = self._known.get(server, (float("-inf"), USUAL))
            if self._monotonic() < until:
                return limit
            fresh = FRESH_SECONDS
            try:
                limit = self._ask(server)
            except ServerError as error:
                log.info("the limit of descriptions is taken for %d characters: %s", limit, error)
                fresh = AGAIN_SECONDS
            self._known[server] = (self._monotonic() + fresh, limit)
            return limit
