"""Follows the account's stream of events, for as long as the bot runs.

Server-sent events, as https://docs.joinmastodon.org/methods/streaming/ has them.

Mastodon.py's own reconnecting loses errors and never gives up on a dead connection, so this loop
has its own: a connection that has been silent for a minute (heartbeats come every 15 s) is dead,
and each new one is told to ``connected``, since events sent in between are lost.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from typing import Any

from mastodon import StreamListener
from mastodon.errors import MastodonError

from alternator.errors import (
    AlternatorError,
    ServerError,
    TemporaryServerError,
    UnexpectedAnswerError,
)
from alternator.log import DefectLog
from alternator.mastodon.client import MastodonClient
from alternator.mastodon.entities import Status
from alternator.mastodon.parse import parse_status
from alternator.stopping import Stop, Stopping

log = logging.getLogger(__name__)

# Mastodon sends ":thump" every 15 s:
# https://github.com/mastodon/mastodon/blob/main/streaming/index.js
READ_TIMEOUT_SECONDS = 60.0
LONGEST_DELAY_SECONDS = 60.0
# A server that has no streaming may get it: look again now and then.
NO_STREAM_DELAY_SECONDS = 10 * 60.0


class Listener(StreamListener):
    """Hands on the events that can bring undescribed attachments."""

    def __init__(self, notice: Callable[[Status], object]) -> None:
        self._notice = notice

    def on_update(self, status: object) -> None:
        """A new status in the account's home timeline."""
        self._read(status)

    def on_status_update(self, status: object) -> None:
        """An edited status, perhaps with new media; also the bot's own edits."""
        self._read(status)

    def on_unknown_event(self, name: str, unknown_event: object = None) -> None:
        """Servers may send more than is known here."""

    def _read(self, answer: object) -> None:
        try:
            status = parse_status(answer)
        except UnexpectedAnswerError as error:
            # Looking through the posts will find it, if it is one.
            log.warning("an event of the stream is left out: %s", error)
            return
        self._notice(status)


class Stream(threading.Thread):
    """A thread that keeps a stream open. ``notice`` gets statuses, in this thread."""

    def __init__(
        self,
        client: MastodonClient,
        url: str,
        stop: Stop,
        *,
        notice: Callable[[Status], object],
        connected: Callable[[], None],
    ) -> None:
        super().__init__(name="stream", daemon=True)
        self._client = client
        self._url = url
        self._stop_request = stop
        self._notice = notice
        self._connected = connected
        self._defects = DefectLog(log)
        self.read_timeout = READ_TIMEOUT_SECONDS
        self.open = False  # whether events come in now

    def run(self) -> None:
        """Connect, listen, and connect again after 1 s to a minute."""
        delay = 1.0
        try:
            while True:
                started = time.monotonic()
                try:
                    self._listen()
                except TemporaryServerError as error:
                    log.debug("the stream can't be opened: %s", error)
                except ServerError as error:
                    log.info("no stream of events, so posts are looked for regularly: %s", error)
                    self._stop_request.pause(NO_STREAM_DELAY_SECONDS)
                    continue
                except AlternatorError as error:
                    # On the way out the store is closed under this thread, which is no fault.
                    self._stop_request.check()
                    log.error("the stream broke off: %s", error)
                except Exception as error:  # noqa: BLE001 - logged: an event must not end this
                    self._stop_request.check()
                    self._defects.defect("the stream broke off", error)
                # Only a connection that held is a reason to hurry.
                held = time.monotonic() - started > LONGEST_DELAY_SECONDS
                delay = 1.0 if held else min(delay * 2, LONGEST_DELAY_SECONDS)
                self._stop_request.pause(delay * random.uniform(0.5, 1.0))
        except Stopping:
            return

    def _listen(self) -> None:
        """One connection, until it breaks."""
        with self._client.open_stream(self._url, read_timeout=self.read_timeout) as response:
            log.debug("the stream is open")
            self.open = True
            self._connected()
            try:
                listener: Any = Listener(self._notice)  # its methods carry no types
                listener.handle_stream(response)
            except MastodonError as error:
                log.debug("the stream broke off: %s", error)
            finally:
                self.open = False
