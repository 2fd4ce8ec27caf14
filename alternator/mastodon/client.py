"""The Mastodon client API as the bot needs it: each answer is what was asked for, or an error.

The rule, in one place (``_send`` and ``_call``): a request has a total time and a size, and follows
no redirect. Its answer is read once into a typed object, whose id must be the one that was asked
for; anything else is an ``UnexpectedAnswerError``, which is temporary: a proxy, a cache or a server
in trouble gives it, and it says nothing about what was asked for. An error is the server's own only
in the server's form (``server_errors.py``).

Answers are read from the JSON as it came: Mastodon.py makes None of what it does not understand and
a list of an error, and an edit made from that would lose what it stood for.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar
from urllib.parse import urlsplit, urlunsplit

import requests

from alternator.config.settings import MastodonSettings
from alternator.errors import GoneError, TemporaryServerError, UnexpectedAnswerError
from alternator.mastodon import nodeinfo, parse, server_errors
from alternator.mastodon.dialect import recognise
from alternator.mastodon.edit_check import CheckedEdit
from alternator.mastodon.entities import Account, Instance, Page, Source, Status
from alternator.mastodon.rate_budget import Kind, RateBudget
from alternator.progress import SILENT, Progress
from alternator.store.outcomes import by_age
from alternator.web.session import Limits, TooLargeError, WebSession

T = TypeVar("T")
OfStatus = TypeVar("OfStatus", Status, Source)

# GoToSocial refuses requests without one (HTTP 418):
# https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/middleware/useragent.go
USER_AGENT = "alternator"
# JSON alone: what a path is not there for is otherwise told by a page for people.
# https://github.com/mastodon/mastodon/blob/main/app/controllers/application_controller.rb
ACCEPT = "application/json"
LIMITS = Limits(seconds=30.0)
# What an edit is made from must not come out of a cache.
FRESH = {"Cache-Control": "no-cache"}
ATTEMPTS = 4  # of one request, when the server can't be reached or answers 5xx
POST_ATTEMPTS = 2  # of one about a single post: others wait behind it
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

    ``budget`` is shared by all clients of the account. ``url`` is the server's address as messages
    show it: without a user's name and password.
    """

    def __init__(
        self,
        settings: MastodonSettings,
        *,
        progress: Progress = SILENT,
        budget: RateBudget | None = None,
    ) -> None:
        self.url = without_user(settings.instance_url)
        self.host = urlsplit(self.url).netloc
        self._progress = progress
        self._auth = BearerToken(settings.access_token)
        self._session = WebSession(
            auth=self._auth,
            headers={"User-Agent": USER_AGENT, "Accept": ACCEPT},
        )
        self._budget = budget or RateBudget()

    def verify(self) -> Account:
        """The token's account. ServerError if the server refuses it."""
        try:
            return self._get(
                "/api/v1/accounts/verify_credentials",
                lambda answer: parse.parse_account(answer, self.host),
            )
        except GoneError as error:
            raise UnexpectedAnswerError(str(error)) from None

    def instance(self) -> Instance:
        """The server's limits and addresses, and its dialect."""

        read = parse.parse_instance
        try:
            found = self._get("/api/v2/instance", read)
        except (GoneError, UnexpectedAnswerError):
            # Not every server has it, nor says so in the API's form.
            try:
                found = self._get("/api/v1/instance", read)
            except GoneError:
                found = read({})
        name = nodeinfo.software_name(self.url, USER_AGENT, self._progress)
        return replace(found, dialect=recognise(found.version, name))

    def own_statuses(
        self, account_id: str, *, max_id: str | None = None, min_id: str | None = None
    ) -> Page:
        """A page of the account's own posts without boosts, newest first.

        Those right below ``max_id``, or those right above ``min_id``.

        UnexpectedAnswerError also for posts of somebody else and for a page that was had before.
        """

        def read(answer: object) -> Page:
            page = parse.parse_page(answer)
            if any(status.account_id != account_id for status in page.statuses):
                raise UnexpectedAnswerError(f"{self.url} answers with another account's posts")
            # One that takes no max_id would be asked for the same page for ever.
            if max_id and page.oldest and by_age(page.oldest) >= by_age(max_id):
                raise UnexpectedAnswerError(f"{self.url} answers with a page of newer posts")
            return page

        query = {"exclude_reblogs": "true", "limit": str(PAGE)}
        if max_id is not None:
            query["max_id"] = max_id
        if min_id is not None:
            query["min_id"] = min_id
        return self._get(f"/api/v1/accounts/{account_id}/statuses", read, query=query)

    def status(self, status_id: str) -> Status:
        """A status as it is now. GoneError if it was deleted."""
        return self._of_post(status_id, "", parse.parse_status)

    def source(self, status_id: str) -> Source:
        """A status's plain text and content warning, as its author typed them."""
        return self._of_post(status_id, "/source", parse.parse_source)

    def edit(self, edit: CheckedEdit) -> Status:
        """Carry an edit out and return what the server made of it.

        Tried once only: by the next try, what the edit was made from may have been edited, and it
        would take that back.
        """
        status_id = edit.snapshot.status.id

        def put() -> Status:
            path = f"/api/v1/statuses/{status_id}"
            return self._own(parse.parse_status(self._send("PUT", path, json=edit.body)), status_id)

        return self._call(put, "edit", attempts=1)

    def _of_post(self, status_id: str, part: str, read: Callable[[object], OfStatus]) -> OfStatus:
        """What is told of one post, fresh, if it is of the post that was asked for."""
        return self._get(
            f"/api/v1/statuses/{status_id}{part}",
            lambda answer: self._own(read(answer), status_id),
            attempts=POST_ATTEMPTS,
            headers=FRESH,
        )

    def _own(self, found: OfStatus, status_id: str) -> OfStatus:
        """What was found, if it is of the status that was asked for."""
        if found.id != status_id:
            raise UnexpectedAnswerError(
                f"{self.url} answers with another post than {status_id}; tried again later"
            )
        return found

    # size: a request, how its answer is read, and how often it is tried.
    def _get(
        self,
        path: str,
        read: Callable[[object], T],
        *,
        query: Mapping[str, str] | None = None,
        attempts: int = ATTEMPTS,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """What is at a path, asked for again while the server is busy or talks nonsense."""
        return self._call(
            lambda: read(self._send("GET", path, params=query, headers=headers)),
            "read",
            attempts=attempts,
        )

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> object:
        """One request; the JSON of its answer."""
        try:
            answer = self._session.send(
                method, self.url + path, params=params, json=json, headers=headers, limits=LIMITS
            )
        except TooLargeError:
            raise self._unexpected("more than any answer of its kind has") from None
        except requests.RequestException as error:
            raise server_errors.unreachable(self.url, error) from error
        wait = self._budget.heard("read" if method == "GET" else "edit", answer)
        if answer.status == 429:
            raise server_errors.busy(self.url, wait)
        if not answer.ok:
            raise server_errors.of_answer(self.url, answer)
        if headers is FRESH and answer.headers.get("Age", "0").strip() not in ("", "0"):
            raise self._unexpected("what a cache has kept")
        try:
            return answer.json()
        except ValueError:
            raise self._unexpected("something that is no JSON") from None

    def _unexpected(self, what: str) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(f"{self.url} answers with {what}; tried again later")

    def _call(self, request: Callable[[], T], kind: Kind, *, attempts: int) -> T:
        """Make a request, again after a wait while the server is busy or can't be reached.

        An edit is not put off either: its body would be out of date by then.
        """
        left = self._budget.seconds_left(kind)
        if left > (0.0 if kind == "edit" else LONGEST_WAIT_SECONDS):
            raise server_errors.busy(self.url, left)
        self._wait(left)
        for attempt in range(attempts):
            try:
                return request()
            except TemporaryServerError as error:
                if attempt == attempts - 1:
                    raise
                wait = error.retry_after
            if wait is None:
                wait = 2**attempt * random.uniform(0.5, 1.0)
            wait = max(wait, self._budget.seconds_left(kind))
            if wait > LONGEST_WAIT_SECONDS:
                raise server_errors.busy(self.url, wait)
            self._wait(wait)
        raise AssertionError("the last attempt returns or raises")

    def _wait(self, seconds: float) -> None:
        """Pause in slices short enough that the bot is seen to be alive."""
        while seconds > 0:
            self._progress.beat()
            self._progress.pause(min(seconds, 10.0))
            seconds -= 10.0


def without_user(url: str) -> str:
    """An address without a user's name and password: nothing here asks for them, and all show it.

    https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
