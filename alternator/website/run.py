"""Serves the website until it is asked to stop; for the main thread."""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from starlette.types import ASGIApp

from alternator.bot import health_address
from alternator.bot.health import serving
from alternator.config.load import ClusterConfig
from alternator.dashboard.server import END_SECONDS, access_of, listening, uvicorn_of
from alternator.errors import ConfigError, KeyMismatchError, StateError
from alternator.members.checked import check
from alternator.members.cipher import Cipher
from alternator.members.credentials import credentials_of
from alternator.members.leaving import Unfinished
from alternator.roles.opening import shared_store
from alternator.roles.presence import Presence
from alternator.stopping import Stop
from alternator.store.cluster import Cluster
from alternator.website.app import web_app
from alternator.website.clock import SharedClock
from alternator.website.health import WebHealth
from probe.errors import reason_of

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0


def serve(config: ClusterConfig, stop: Stop) -> None:
    """Serve until ``Stopping`` is raised. ConfigError, StateError where it can't begin."""
    base = config.base
    access_of(base.dashboard)
    if base.dashboard.port == 0:
        raise ConfigError("[dashboard] port is 0, and `alternator web` has nothing to serve then")
    cipher = None
    if base.signup.server:
        check(base.signup, base.dashboard)
        cipher = Cipher(base.signup.key)
    with ExitStack() as stack:
        store, cluster = stack.enter_context(shared_store(base, "web", stop))
        now = SharedClock(cluster.now, stop.clock.now, stop.clock.monotonic).now
        if cipher is not None:
            check_tokens(cluster, cipher)
        app = web_app(base, config.accounts, store, cluster, cipher, now)
        health = WebHealth(cluster)
        presence = Presence("web", cluster, stop.clock, health.facts)
        stack.callback(presence.go)
        stack.enter_context(serving(health, base.health))
        stack.enter_context(health_address.announced(base.state.directory, base.health))
        stack.enter_context(answering(config, app))
        if cipher is not None:
            Unfinished(cluster, cipher, stop.child()).start()
        look_after(presence, stop)


def check_tokens(cluster: Cluster, cipher: Cipher) -> None:
    """Name members whose token no key opens: while nobody has connected again yet."""
    for entry in cluster.enrolment.each("member"):
        try:
            credentials_of(entry, cipher)
        except KeyMismatchError as error:
            log.error("%s", error)


@contextmanager
def answering(config: ClusterConfig, app: ASGIApp) -> Iterator[None]:
    """Serve pages in a thread while the block runs. ConfigError where the port can't be had."""
    settings = config.base.dashboard
    try:
        sockets = listening(settings)
    except OSError as error:
        raise ConfigError(
            f"[dashboard] {settings.host}:{settings.port} can't be listened on: "
            f"{reason_of(error)}; set port to a free one"
        ) from None
    server = uvicorn_of(app)
    thread = threading.Thread(target=server.run, args=(sockets,), name="website", daemon=True)
    thread.start()
    host, port = sockets[0].getsockname()[:2]
    log.info("website: http://%s:%d", f"[{host}]" if ":" in host else host, port)
    if config.base.signup.server:
        log.info("members connect at %s/join", config.base.signup.address)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(END_SECONDS + 1)
        for one in sockets:
            one.close()


def look_after(presence: Presence, stop: Stop) -> None:
    """Say that the process is there, until ``Stopping`` is raised."""
    failed = False
    while True:
        with stop.shielded():  # a signal in the middle would leave a lock in an unknown state
            try:
                presence.do_due()
                failed = False
            except StateError as error:
                if not failed:
                    log.warning("the database can't be used now: %s", error)
                failed = True
        stop.pause(LOOK_SECONDS)
