"""Connections under a request's deadline, to addresses that it may reach.

urllib3 makes them deep within; the request that a thread is at is handed down in ``CURRENT``.
"""

import socket
from contextvars import ContextVar
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from alternator.web.deadline import Deadline
from alternator.web.reach import Reach


@dataclass(kw_only=True)
class Current:
    """The request that a thread is at; ``forbidden`` is the host that it must not reach, if so."""

    deadline: Deadline
    reach: Reach
    connect_seconds: float
    forbidden: str = field(default="")


CURRENT: ContextVar[Current] = ContextVar("CURRENT")


class _Bounded(HTTPConnection):
    """What both kinds of connections share."""

    def _new_conn(self) -> socket.socket:
        """A new connection, to one of the host's addresses that may be reached."""
        current = CURRENT.get()
        host, port = self._dns_host, self.port
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NameResolutionError(self.host, self, _as_gaierror(error)) from error
        failure: OSError = OSError("it has no address")
        for family, kind, protocol, _, address in found:
            # A proxy is the operator's own; what it is asked for was looked at before.
            if self.proxy is None and not current.reach.allows(str(address[0])):
                current.forbidden = self.host
                continue
            line = socket.socket(family, kind, protocol)
            try:
                for option in self.socket_options or ():
                    line.setsockopt(*option)
                line.settimeout(max(min(current.connect_seconds, current.deadline.left()), 0.001))
                current.deadline.watch(line)
                line.connect(address)
            except OSError as error:
                line.close()
                failure = error
            else:
                current.forbidden = ""
                return line
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, f"{self.host} did not answer") from failure
        raise NewConnectionError(self, f"no connection: {failure}") from failure

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Send a request, on the connection that is there or on a new one."""
        if self.sock is not None:
            CURRENT.get().deadline.watch(self.sock)
        super().request(*args, **kwargs)


class BoundedConnection(_Bounded):
    """http"""


class BoundedTlsConnection(_Bounded, HTTPSConnection):
    """https"""


class _Pool(HTTPConnectionPool):
    ConnectionCls = BoundedConnection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = BoundedTlsConnection


POOLS = {"http": _Pool, "https": _TlsPool}


class BoundedAdapter(HTTPAdapter):
    """requests' way to urllib3, with these connections; through a proxy as well."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Called by requests."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        """Called by requests."""
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager


class BoundedSession(requests.Session):
    """requests' session with these connections, without cookies; it leaves redirects alone.

    requests' own takes in the whole body of a redirect, however large, and trips over an address
    that is none, also where it follows none:
    https://github.com/psf/requests/blob/main/src/requests/sessions.py
    """

    def __init__(self) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("http://", "https://"):
            self.mount(scheme, BoundedAdapter())

    def get_redirect_target(self, resp: requests.Response) -> None:
        """None, called by requests: a redirect is an answer like any other."""


def redirected(url: str, location: str) -> str:
    """Where a redirect leads. requests.exceptions.InvalidURL if that is no address of the web."""
    try:
        target = urljoin(url, location)
        if urlsplit(target).scheme in ("http", "https"):
            return target
    except ValueError:  # brackets that hold no address
        pass
    raise requests.exceptions.InvalidURL("a redirect leads to no web address")


def _as_gaierror(error: Exception) -> socket.gaierror:
    """A name that is no name (too long, empty labels) is one that can't be found."""
    return error if isinstance(error, socket.gaierror) else socket.gaierror(str(error))


def prepared_for(session: requests.Session, request: requests.Request) -> requests.PreparedRequest:
    """A request as a session sends it. Its own way merges cookies and hooks, which none has."""
    prepared = requests.PreparedRequest()
    prepared.prepare(
        method=request.method,
        url=request.url,
        headers=CaseInsensitiveDict({**session.headers, **request.headers}),
        params=request.params,
        json=request.json,
        data=request.data,
        auth=session.auth,
    )
    return prepared
