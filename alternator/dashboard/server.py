"""Serves the dashboard beside the bot, in a thread of its own, from the first visit on.

Until somebody comes, nothing but a socket is there: neither the bot's start nor its memory pays for
pages that nobody looks at. A connection that comes waits in the socket's queue for the half second
that loading them takes.
"""

import importlib.util
import ipaddress
import logging
import select
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from alternator.config.dashboard import DashboardSettings
from alternator.dashboard.access import SHORTEST_TOKEN, Access
from alternator.dashboard.watched import Watched
from alternator.errors import ConfigError
from probe.errors import reason_of

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

log = logging.getLogger(__name__)

PACKAGES = ("starlette", "uvicorn", "jinja2", "prometheus_client")
BACKLOG = 64
END_SECONDS = 3.0  # how long the end waits for answers under way


@contextmanager
def serving(watched: Sequence[Watched], settings: DashboardSettings) -> Iterator[None]:
    """Serve the dashboard while the block runs, unless that is turned off or can't be.

    ConfigError where it would be open to others without a token, or with one that can be guessed.
    """
    if settings.port == 0:
        yield
        return
    access = access_of(settings)
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        log.info(
            "dashboard: not served, %s is not installed (in the checkout: pip install "
            "'.[dashboard]')",
            ", ".join(missing),
        )
        yield
        return
    with ExitStack() as stack:
        try:
            sockets = [stack.enter_context(one) for one in listening(settings)]
        except OSError as error:
            # The bot's work does not depend on it.
            log.error(
                "dashboard: not served, %s:%d can't be listened on: %s; set [dashboard] port to a "
                "free one, or to 0 for none",
                settings.host,
                settings.port,
                reason_of(error),
            )
            yield
            return
        host, port = sockets[0].getsockname()[:2]
        log.info("dashboard: http://%s:%d", f"[{host}]" if ":" in host else host, port)
        server = Server(watched, access, sockets)
        server.start()
        try:
            yield
        finally:
            server.end()


def access_of(settings: DashboardSettings) -> Access:
    """Who may open it. ConfigError where that would be anybody."""
    if settings.token is None and not is_loopback(settings.host):
        raise ConfigError(
            f"[dashboard] host {settings.host} is reached by other machines, and everybody there "
            f"could open the dashboard; set [dashboard] token (`openssl rand -hex 16` makes one), "
            f"or host to 127.0.0.1"
        )
    if settings.token is not None and len(settings.token) < SHORTEST_TOKEN:
        raise ConfigError(
            f"[dashboard] token has {len(settings.token)} characters and could be guessed; use "
            f"{SHORTEST_TOKEN} at least (`openssl rand -hex 16` makes one)"
        )
    return Access(token=settings.token, names=settings.names)


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listening(settings: DashboardSettings) -> list[socket.socket]:
    """Sockets on the addresses of the host. OSError."""
    found = socket.getaddrinfo(
        settings.host or None,
        settings.port,
        type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE,
    )
    with ExitStack() as opened:
        sockets = []
        for family, kind, protocol, _, address in dict.fromkeys(found):
            one = opened.enter_context(socket.socket(family, kind, protocol))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.listen(BACKLOG)
            sockets.append(one)
        opened.pop_all()
    return sockets


class Server:
    """The thread that waits for the first visit, and serves from then on."""

    def __init__(
        self, watched: Sequence[Watched], access: Access, sockets: Sequence[socket.socket]
    ) -> None:
        self._watched = watched
        self._access = access
        self._sockets = sockets
        self._thread = threading.Thread(target=self._run, name="dashboard", daemon=True)
        self._lock = threading.Lock()  # guards the next two
        self._uvicorn: uvicorn.Server | None = None
        self._ended = False
        self._asleep, self._alarm = socket.socketpair()

    def start(self) -> None:
        """Wait for visitors."""
        self._thread.start()

    def end(self) -> None:
        """Serve no more; what is under way has a moment to end."""
        with self._lock:
            self._ended = True
            if self._uvicorn is not None:
                self._uvicorn.should_exit = True
        self._alarm.close()
        self._thread.join(END_SECONDS + 1)
        self._asleep.close()

    def _run(self) -> None:
        select.select([self._asleep, *self._sockets], [], [])
        if self._ended:
            return
        try:
            server = self._made()
        except Exception:
            log.exception("the dashboard can't be served for a defect of its own")
            return
        with self._lock:
            if self._ended:
                return
            self._uvicorn = server
        server.run(sockets=list(self._sockets))

    def _made(self) -> "uvicorn.Server":
        from alternator.dashboard.app import create_app
        from alternator.dashboard.hardware import Hardware
        from alternator.dashboard.site import Site

        site = Site(
            watched=self._watched,
            access=self._access,
            hardware=Hardware(self._watched[0].directory),
        )
        return uvicorn_of(create_app(site))


def uvicorn_of(app: "ASGIApp") -> "uvicorn.Server":
    """What serves pages that are ours, and tells nothing of itself."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=round(END_SECONDS),
        )
    )
