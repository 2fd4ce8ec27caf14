"""A request to the server's API: bounded, tried again within reason, its answer told from others'.

The rule for every answer, in one place: a request has a total time and a size, and follows no
redirect. What comes back is the server's own JSON, or an error (``server_errors.py``). What is
neither is an ``UnexpectedAnswerError``, which is temporary: a proxy, a cache or a server in trouble
gives it, and it says nothing about what was asked for.
"""

import random
import time
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import requests

from alternator.errors import TemporaryServerError, UnexpectedAnswerError
from alternator.mastodon import server_errors
from alternator.mastodon.rate_budget import RateBudget
from alternator.progress import Progress
from alternator.web.dates import date_of
from alternator.web.session import Limits, TooLargeError, WebSession

T = TypeVar("T")

LIMITS = Limits(seconds=30.0)
# What an edit is made from must not come out of a cache.
FRESH = {"Cache-Control": "no-cache"}
ATTEMPTS = 4  # of one request, when the server can't be reached or answers 5xx
POST_ATTEMPTS = 2  # of one about a single post: others wait behind it
HANGS_SECONDS = 5.0  # one that took longer is left to the next turn of its post
DATE_SECONDS = 2.0  # how much later it may be than the ``Date`` of an answer says
LONGEST_WAIT_SECONDS = 15 * 60.0  # for a rate limit to end, before giving the request back


def anybody() -> None:
    """Nobody else does the same work."""


class ApiSession:
    """Requests to the API at ``url``. Not for use by two threads at once.

    ``may_change`` is asked right before each request that changes something, and may raise.
    """

    # size: each comes from another owner: settings, account, who works.
    def __init__(
        self,
        url: str,
        session: WebSession,
        *,
        budget: RateBudget,
        progress: Progress,
        may_change: Callable[[], None] = anybody,
    ) -> None:
        self.url = url
        # What the server's clock said last, as Unix time in seconds; None before any answer.
        self.server_time: float | None = None
        self._session = session
        self._budget = budget
        self._progress = progress
        self._may_change = may_change

    def get(
        self,
        path: str,
        read: Callable[[object], T],
        *,
        query: Mapping[str, str] | None = None,
        of_post: bool = False,
    ) -> T:
        """What is at a path, asked for again while the server is busy or talks nonsense.

        ``of_post``: it is about a single post, behind which others wait, and to make an edit from:
        so it must not come out of a cache.
        """

        def ask() -> T:
            return read(self._send("GET", path, query=query, fresh=of_post))

        left = self._budget.seconds_left("read")
        if left > LONGEST_WAIT_SECONDS:
            raise server_errors.busy(self.url, left)
        self._wait(left)
        attempts = POST_ATTEMPTS if of_post else ATTEMPTS
        for attempt in range(attempts):
            started = time.monotonic()
            try:
                return ask()
            except TemporaryServerError as error:
                hangs = of_post and time.monotonic() - started > HANGS_SECONDS
                if hangs or attempt == attempts - 1:
                    raise
                wait = error.retry_after
            if wait is None:
                wait = 2**attempt * random.uniform(0.5, 1.0)
            wait = max(wait, self._budget.seconds_left("read"))
            if wait > LONGEST_WAIT_SECONDS:
                raise server_errors.busy(self.url, wait)
            self._wait(wait)
        raise AssertionError("the last attempt returns or raises")

    def put(self, path: str, body: object, read: Callable[[object], T]) -> T:
        """What a change is answered with. Tried once, and not put off: its body gets out of date.

        TemporaryServerError at once while the server takes no changes.
        """
        left = self._budget.seconds_left("edit")
        if left > 0:
            raise server_errors.busy(self.url, left)
        self._may_change()
        return read(self._send("PUT", path, body=body))

    def post(self, path: str, body: object, read: Callable[[object], T], *, key: str) -> T:
        """What a new post is answered with. Tried once; errors as of ``put``."""
        left = self._budget.seconds_left("edit")
        if left > 0:
            raise server_errors.busy(self.url, left)
        self._may_change()
        return read(self._send("POST", path, body=body, headers={"Idempotency-Key": key}))

    # size: what a request consists of.
    def _send(
        self,
        method: Literal["GET", "POST", "PUT"],
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: object = None,
        fresh: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> object:
        """One request; the JSON of its answer."""
        try:
            answer = self._session.send(
                method,
                self.url + path,
                params=query,
                json=body,
                headers=FRESH if fresh else headers,
                limits=LIMITS,
            )
        except TooLargeError:
            raise self._unexpected("more than any answer of its kind has") from None
        except requests.RequestException as error:
            raise server_errors.unreachable(self.url, error) from error
        if (moment := date_of(answer.headers.get("Date") or "")) is not None:
            # Whole seconds, perhaps of the second before; our clock knows more if it agrees.
            told = moment.timestamp()
            self.server_time = min(max(time.time(), told), told + DATE_SECONDS)
        wait = self._budget.heard("read" if method == "GET" else "edit", answer)
        if answer.status == 429:
            raise server_errors.busy(self.url, wait)
        if not answer.ok:
            raise server_errors.of_answer(self.url, answer)
        if fresh and answer.headers.get("Age", "0").strip() not in ("", "0"):
            raise self._unexpected("what a cache has kept")
        try:
            return answer.json()
        except ValueError:
            raise self._unexpected("something that is no JSON") from None

    def _unexpected(self, what: str) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(f"{self.url} answers with {what}; tried again later")

    def _wait(self, seconds: float) -> None:
        """Pause in slices short enough that the bot is seen to be alive."""
        while seconds > 0:
            self._progress.beat()
            self._progress.pause(min(seconds, 10.0))
            seconds -= 10.0
