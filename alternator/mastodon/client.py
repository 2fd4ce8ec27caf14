"""The Mastodon client API as the bot needs it: a thin layer over Mastodon.py.

It adds what Mastodon.py lacks: an edit that keeps everything (its ``status_update`` drops
attachments), errors told apart by what can be done about them (``server_errors.py``), and bounded
waiting for rate limits and outages.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonError

from alternator.config.settings import MastodonSettings
from alternator.errors import GoneError, ServerError, TemporaryServerError
from alternator.mastodon import server_errors
from alternator.mastodon.rate_budget import Kind, RateBudget

Status = dict[str, Any]
T = TypeVar("T")

USER_AGENT = "alternator"
REQUEST_TIMEOUT_SECONDS = 30.0
ATTEMPTS = 4  # of one request, when the server can't be reached or answers 5xx
LONGEST_WAIT_SECONDS = 15 * 60.0  # for a rate limit to end, before giving the request back
DEFAULT_DESCRIPTION_LIMIT = 1500  # characters, where a server does not say
PAGE = 40  # statuses, the most that Mastodon gives at once


@dataclass(frozen=True, kw_only=True)
class Account:
    """The account that the token belongs to."""

    id: str
    name: str  # user@server


@dataclass(frozen=True, kw_only=True)
class Instance:
    """What the server says about itself."""

    description_limit: int  # characters
    streaming_url: str


class MastodonClient:
    """One account on one server. Not for use by two threads at once.

    ``pause`` sleeps for a time in seconds, and may raise to break the wait off; ``beat`` is told
    before each wait that the client is still at work. ``budget`` is shared by all clients of the
    account.
    """

    def __init__(
        self,
        settings: MastodonSettings,
        *,
        pause: Callable[[float], None] = time.sleep,
        beat: Callable[[], None] = lambda: None,
        budget: RateBudget | None = None,
    ) -> None:
        self.url = settings.instance_url
        self.host = urlsplit(self.url).netloc
        self._pause = pause
        self._beat = beat
        self._api = Mastodon(
            api_base_url=self.url,
            version_check_mode="none",
            ratelimit_method="throw",
            request_timeout=REQUEST_TIMEOUT_SECONDS,
            user_agent=USER_AGENT,
        )
        # Given to the constructor, a token that is also the name of a file here would be read
        # from that file.
        self._api.access_token = settings.access_token
        self._budget = budget or RateBudget()
        self._budget.watch(self._api.session)

    def verify(self) -> Account:
        """The token's account. ServerError if the server refuses it."""
        try:
            found = self._call(self._api.account_verify_credentials)
        except GoneError:
            raise server_errors.not_understood(self.url) from None
        return Account(id=str(found["id"]), name=f"{found['acct']}@{self.host}")

    def instance(self) -> Instance:
        """The server's limits and addresses, with Mastodon's defaults for what it does not say."""
        try:
            found = self._call(self._api.instance_v2)
        except GoneError:
            try:
                found = self._call(self._api.instance_v1)
            except GoneError:
                found = {}
        configuration = found.get("configuration") or {}
        media = configuration.get("media_attachments") or {}
        # Pleroma and Akkoma give the limit at the top level.
        limit = media.get("description_limit") or found.get("description_limit")
        urls = configuration.get("urls") or found.get("urls") or {}
        streaming = urls.get("streaming") or urls.get("streaming_api") or self.url
        return Instance(
            description_limit=int(limit or DEFAULT_DESCRIPTION_LIMIT),
            streaming_url=streaming.replace("wss://", "https://").replace("ws://", "http://"),
        )

    def own_statuses(self, account_id: str, *, max_id: str | None = None) -> list[Status]:
        """A page of the account's own posts without boosts, newest first, older than ``max_id``."""
        return list(
            self._call(
                lambda: self._api.account_statuses(
                    account_id, exclude_reblogs=True, max_id=max_id, limit=PAGE
                )
            )
        )

    def status(self, status_id: str) -> Status:
        """A status as it is now. GoneError if it was deleted."""
        return dict(self._call(lambda: self._api.status(status_id)))

    def source(self, status_id: str) -> dict[str, Any]:
        """A status's plain text and content warning, as its author typed them."""
        return dict(self._call(lambda: self._api.status_source(status_id)))

    def edit(self, status_id: str, body: dict[str, Any]) -> Status:
        """Replace a status by ``body`` (see ``alternator/mastodon/edit.py``) and return the result.

        Tried once only: by the next try, what ``body`` was made from may have been edited, and
        the edit would take that back.
        """

        def put() -> Status:
            response = self._api.session.put(
                f"{self.url}/api/v1/statuses/{status_id}",
                json=body,
                headers={
                    "Authorization": f"Bearer {self._api.access_token}",
                    "User-Agent": USER_AGENT,
                },
                timeout=REQUEST_TIMEOUT_SECONDS,
            )
            if not response.ok:
                raise server_errors.of_response(self.url, response)
            return dict(response.json())

        return self._call(put, attempts=1)

    def open_stream(self, url: str, *, read_timeout: float) -> requests.Response:
        """The account's stream of events, connected; times out in seconds without a heartbeat.

        It has a connection of its own, which ends when the response is closed.
        """
        try:
            response = requests.get(
                f"{url.rstrip('/')}/api/v1/streaming/user",
                headers={
                    "Authorization": f"Bearer {self._api.access_token}",
                    "User-Agent": USER_AGENT,
                },
                stream=True,
                timeout=(REQUEST_TIMEOUT_SECONDS, read_timeout),
            )
        except requests.RequestException as error:
            raise server_errors.unreachable(self.url, error) from error
        if response.status_code != 200:
            response.close()
            raise server_errors.of_response(self.url, response)
        return response

    def _call(self, request: Callable[[], T], *, attempts: int = ATTEMPTS) -> T:
        """Make a request, again after a wait while the server is busy or can't be reached.

        One with a single attempt is not put off either: its body would be out of date by then.
        """
        kind: Kind = "edit" if attempts == 1 else "read"
        left = self._budget.seconds_left(kind)
        if left > (0.0 if attempts == 1 else LONGEST_WAIT_SECONDS):
            raise server_errors.of_code(self.url, 429, left)
        self._wait(left)
        for attempt in range(attempts):
            try:
                return request()
            except ServerError as error:
                failure = error
            except (MastodonError, requests.RequestException, ValueError) as error:
                failure = server_errors.of_exception(self.url, error, self._api.ratelimit_reset)
            if not isinstance(failure, TemporaryServerError) or attempt == attempts - 1:
                raise failure
            wait = failure.retry_after
            if wait is None:
                wait = 2**attempt * random.uniform(0.5, 1.0)
            wait = max(wait, self._budget.seconds_left(kind))
            if wait > LONGEST_WAIT_SECONDS:
                raise failure
            self._wait(wait)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float) -> None:
        """Pause in slices short enough that the bot is seen to be alive."""
        while seconds > 0:
            self._beat()
            self._pause(min(seconds, 10.0))
            seconds -= 10.0
