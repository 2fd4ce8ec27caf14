"""HTTP requests that end: each has a total time, a size, and goes nowhere it was not sent.

The one way out of the bot. requests bounds only the silence between two bytes and follows
redirects with whatever it carries; here

- a request's total time holds for all of it: connection, handshake, headers, body, redirects
  (``deadline.py``);
- the body has a size, after decompression (``body.py``);
- a redirect is an answer like any other, unless some were allowed. One that carries a picture or a
  key allows none: they would go to a host that nobody named;
- an address may be refused by the network it is in (``reach.py``);
- no cookies are kept, and a ``.netrc`` file is not read.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from requests.utils import select_proxy

from alternator.web.body import TooLargeError, read_limited
from alternator.web.connections import CURRENT, BoundedSession, Current, prepared_for, redirected
from alternator.web.credentials import NoAuth
from alternator.web.deadline import Deadline
from alternator.web.form import Fields, Form
from alternator.web.json_body import parse_json
from alternator.web.reach import ANYWHERE, ForbiddenAddressError, Reach

__all__ = ["Answer", "ForbiddenAddressError", "Limits", "Opened", "TooLargeError", "WebSession"]

# Our name to the servers. GoToSocial refuses requests without one (HTTP 418):
# https://codeberg.org/superseriousbusiness/gotosocial/src/branch/main/internal/middleware/useragent.go
USER_AGENT = "alternator"
MIB = 1024 * 1024
REDIRECTS = (301, 302, 303, 307, 308)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of one request: times in seconds, ``most`` in bytes of the body after decompression.

    ``endless``: the body has no end (a stream of events), so ``seconds`` and ``most`` hold until
    its headers are there, and ``silence`` between two bytes from then on. ``deadline``: one that
    somebody else may strike before its time, in place of ``seconds``.
    """

    seconds: float
    connect: float = 10.0
    silence: float = 30.0
    most: int = 4 * MIB
    redirects: int = 0
    endless: bool = False
    deadline: Deadline | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A whole answer. ``headers`` take any spelling of a name; ``url`` is where it came from."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    url: str

    @property
    def ok(self) -> bool:
        """Whether the server says that all went well; a redirect is not that."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """The JSON of the body. NoJsonError, a ValueError, if it is none."""
        return parse_json(self.content)


class Opened:
    """An answer whose body is still to come."""

    def __init__(self, response: requests.Response, limits: Limits, current: Current) -> None:
        self.status = response.status_code
        self.headers: Mapping[str, str] = response.headers
        self.url = response.url
        self._response = response
        self._limits = limits
        self._current = current

    def pieces(self) -> Iterator[bytes]:
        """The body as it arrives.

        Raises:
            TooLargeError: it has more bytes than allowed, or says that it will.
            requests.Timeout: its time is over.
            requests.RequestException: the connection broke off.
        """
        endless = self._limits.endless
        try:
            yield from read_limited(
                self._response,
                most=None if endless else self._limits.most,
                seconds=None if endless else self._current.deadline.left(),
            )
        except requests.RequestException as error:
            _failed(error, self._current)
        if self._current.deadline.struck:
            # A cut connection looks like the end of a body that told no length.
            raise requests.Timeout("the answer's time is over")

    def whole(self) -> Answer:
        """The answer with all of its body; errors as of ``pieces``."""
        content = b"".join(self.pieces())
        return Answer(status=self.status, headers=self.headers, content=content, url=self.url)


class WebSession:
    """Requests of one thread; connections are kept. ``auth`` goes with each of them."""

    def __init__(
        self,
        *,
        auth: AuthBase | None = None,
        headers: Mapping[str, str] | None = None,
        reach: Reach = ANYWHERE,
    ) -> None:
        self._reach = reach
        self._carries_key = auth is not None
        self._environment: dict[str, Any] = {}  # requests' own settings, by host
        self._session = BoundedSession()
        self._session.auth = auth or NoAuth()
        self._session.headers.update(headers or {})

    # size: what a request consists of.
    def send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        form: Form | Fields | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits,
    ) -> Answer:
        """The whole answer to a request; errors as of ``opened`` and ``Opened.pieces``."""
        with self.opened(
            method, url, params=params, json=json, form=form, headers=headers, limits=limits
        ) as opened:
            return opened.whole()

    @contextmanager
    # size: what a request consists of.
    def opened(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        form: Form | Fields | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits,
    ) -> Iterator[Opened]:
        """An answer whose headers are there; the connection is given back after the block.

        Raises:
            ForbiddenAddressError: the address, or that of a redirect, must not be reached.
            requests.Timeout: there was no answer in time.
            requests.RequestException: there was none.
        """
        headers = {**(headers or {}), **(form.headers if form is not None else {})}
        request = requests.Request(
            method, url, params=params, json=json, data=form, headers=headers
        )
        deadline = limits.deadline or Deadline(limits.seconds)
        try:
            current = Current(deadline=deadline, reach=self._reach, connect_seconds=limits.connect)
            with self._followed(request, limits, current) as response:
                if limits.endless:
                    deadline.headers_came()
                yield Opened(response, limits, current)
        finally:
            deadline.cancel()

    def _followed(
        self, request: requests.Request, limits: Limits, current: Current
    ) -> requests.Response:
        """The answer at the end of the redirects that are allowed."""
        carries = self._carries_key or request.json is not None or bool(request.data)
        assert not (carries and limits.redirects), "what is carried would go to a foreign host"
        for left in range(limits.redirects, -1, -1):
            response = self._ask(request, limits, current)
            target = response.headers.get("Location")
            if response.status_code not in REDIRECTS or target is None or left == 0:
                return response
            response.close()
            url = redirected(response.url, target)
            request = requests.Request("GET", url, headers=request.headers)
        raise AssertionError("the last one is returned")

    def _ask(
        self, request: requests.Request, limits: Limits, current: Current
    ) -> requests.Response:
        """One request, without following."""
        prepared = prepared_for(self._session, request)
        host = urlsplit(prepared.url or "").hostname or ""
        settings = self._settings_for(host, prepared.url or "")
        proxy = select_proxy(prepared.url or "", settings["proxies"])
        if proxy and not self._reach.allows_name(host):
            raise _forbidden(host)
        token = CURRENT.set(current)
        try:
            response = self._session.send(
                prepared,
                allow_redirects=False,
                timeout=(limits.connect, min(limits.silence, limits.seconds)),
                **settings,
            )
        except requests.RequestException as error:
            _failed(error, current)
        finally:
            CURRENT.reset(token)
        if current.deadline.struck:
            # http.client takes a header that is cut off for the last one.
            response.close()
            raise requests.Timeout("the answer's time is over")
        return response

    def _settings_for(self, host: str, url: str) -> Any:
        """Proxy and certificates by the environment, which takes longer to read than to ask."""
        if host not in self._environment:
            self._environment[host] = self._session.merge_environment_settings(
                url, {}, True, None, None
            )
        return self._environment[host]


def _failed(error: requests.RequestException, current: Current) -> NoReturn:
    """Raise what a request's failure really is."""
    if current.deadline.struck:
        raise requests.Timeout("the request's time is over") from error
    if current.forbidden:
        raise _forbidden(current.forbidden) from error
    raise error


def _forbidden(host: str) -> ForbiddenAddressError:
    return ForbiddenAddressError(f"{host} is an address inside a private network")
