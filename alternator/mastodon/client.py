"""The Mastodon client API as the bot needs it, with every answer read into a typed object.

Errors are told apart by what can be done about them (``server_errors.py``), and rate limits and
outages are waited for within bounds. Answers are read from the JSON as it came: Mastodon.py makes
None of what it does not understand and a list of an error, and an edit made from that would lose
what it stood for. Of that library the stream has its parser of events (``stream.py``).
"""

import random
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

import requests

from alternator.config.settings import MastodonSettings
from alternator.errors import GoneError, ServerError, TemporaryServerError, UnexpectedAnswerError
from alternator.mastodon import nodeinfo, parse, server_errors
from alternator.mastodon.edit import EditBody
from alternator.mastodon.entities import Account, Instance, Source, Status
from alternator.mastodon.rate_budget import Kind, RateBudget
from alternator.progress import SILENT, Progress

T = TypeVar("T")
OfStatus = TypeVar("OfStatus", Status, Source)

# GoToSocial refuses requests without one (HTTP 418):
# https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/middleware/useragent.go
USER_AGENT = "alternator"
REQUEST_TIMEOUT_SECONDS = 30.0
ATTEMPTS = 4  # of one request, when the server can't be reached or answers 5xx
LONGEST_WAIT_SECONDS = 15 * 60.0  # for a rate limit to end, before giving the request back
PAGE = 40  # statuses, the most at once: https://docs.joinmastodon.org/methods/accounts/#statuses


class BearerToken(requests.auth.AuthBase):
    """Sends the token. As an authentication of its own it goes before a ``.netrc`` file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class MastodonClient:
    """One account on one server. Not for use by two threads at once.

    ``budget`` is shared by all clients of the account.
    """

    def __init__(
        self,
        settings: MastodonSettings,
        *,
        progress: Progress = SILENT,
        budget: RateBudget | None = None,
    ) -> None:
        self.url = settings.instance_url
        self.host = urlsplit(self.url).netloc
        self._progress = progress
        self._auth = BearerToken(settings.access_token)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        self._session.auth = self._auth
        self._budget = budget or RateBudget()
        self._budget.watch(self._session)

    def verify(self) -> Account:
        """The token's account. ServerError if the server refuses it."""
        try:
            return self._get(
                "/api/v1/accounts/verify_credentials",
                lambda answer: parse.parse_account(answer, self.host),
            )
        except GoneError:
            raise server_errors.not_understood(self.url) from None

    def instance(self) -> Instance:
        """The server's limits and addresses, and its dialect."""

        software = nodeinfo.software_name(self.url, USER_AGENT)

        def read(answer: object) -> Instance:
            return parse.parse_instance(answer, self.url, software)

        try:
            return self._get("/api/v2/instance", read)
        except GoneError:
            try:
                return self._get("/api/v1/instance", read)
            except GoneError:
                return read({})

    def own_statuses(self, account_id: str, *, max_id: str | None = None) -> list[Status]:
        """A page of the account's own posts without boosts, newest first, older than ``max_id``."""
        query = {"exclude_reblogs": "true", "limit": str(PAGE)}
        if max_id is not None:
            query["max_id"] = max_id
        path = f"/api/v1/accounts/{account_id}/statuses"
        return self._get(path, parse.parse_statuses, query)

    def status(self, status_id: str) -> Status:
        """A status as it is now. GoneError if it was deleted."""

        def asked_for(answer: object) -> Status:
            return self._own(parse.parse_status(answer), status_id)

        return self._get(f"/api/v1/statuses/{status_id}", asked_for)

    def source(self, status_id: str) -> Source:
        """A status's plain text and content warning, as its author typed them."""

        def asked_for(answer: object) -> Source:
            return self._own(parse.parse_source(answer), status_id)

        return self._get(f"/api/v1/statuses/{status_id}/source", asked_for)

    def edit(self, status_id: str, body: EditBody) -> Status:
        """Replace a status by ``body`` (see ``alternator/mastodon/edit.py``) and return the result.

        Tried once only: by the next try, what ``body`` was made from may have been edited, and
        the edit would take that back.
        """

        def put() -> Status:
            path = f"/api/v1/statuses/{status_id}"
            answer = self._send("PUT", path, body=body)
            return self._own(parse.parse_status(answer), status_id)

        return self._call(put, attempts=1)

    def describe_medium(self, attachment_id: str, description: str) -> None:
        """Describe an attachment, on servers that let one do so after it was posted.

        https://docs.joinmastodon.org/methods/media/#update. GoneError where they don't.
        """

        def put() -> None:
            path = f"/api/v1/media/{attachment_id}"
            parse.parse_attachment(self._send("PUT", path, body={"description": description}))

        self._call(put, attempts=1)

    def open_stream(self, url: str, *, read_timeout: float) -> requests.Response:
        """The account's stream of events, connected; times out in seconds without a heartbeat.

        It has a connection of its own, which ends when the response is closed.
        """
        try:
            response = requests.get(
                f"{url.rstrip('/')}/api/v1/streaming/user",
                auth=self._auth,
                headers={"User-Agent": USER_AGENT},
                stream=True,
                timeout=(REQUEST_TIMEOUT_SECONDS, read_timeout),
            )
        except requests.RequestException as error:
            raise server_errors.unreachable(self.url, error) from error
        if response.status_code != 200:
            response.close()
            raise server_errors.of_response(self.url, response)
        return response

    def _own(self, found: OfStatus, status_id: str) -> OfStatus:
        """What was found, if it is of the status that was asked for."""
        if found.id != status_id:
            raise UnexpectedAnswerError(
                f"{self.url} answers with another post than {status_id}; tried again later"
            )
        return found

    def _get(
        self, path: str, read: Callable[[object], T], query: Mapping[str, str] | None = None
    ) -> T:
        """What is at a path, asked for again while the server is busy or talks nonsense."""
        return self._call(lambda: read(self._send("GET", path, query=query)))

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: EditBody | Mapping[str, str] | None = None,
    ) -> object:
        """One request; the JSON of its answer."""
        response = self._session.request(
            method, self.url + path, params=query, json=body, timeout=REQUEST_TIMEOUT_SECONDS
        )
        if not response.ok:
            raise server_errors.of_response(self.url, response)
        try:
            answer: object = response.json()
        except ValueError:  # no JSON, or a number in it that is too long
            raise server_errors.not_understood(self.url) from None
        return answer

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
            except requests.RequestException as error:
                failure = server_errors.unreachable(self.url, error)
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
            self._progress.beat()
            self._progress.pause(min(seconds, 10.0))
            seconds -= 10.0
