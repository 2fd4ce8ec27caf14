"""What a server knows this program by: registered once, kept encrypted, and looked after.

Mastodon 4.2 deletes applications that nobody has a token of after a day
(https://github.com/mastodon/mastodon/blob/v4.2.0/app/lib/vacuum/applications_vacuum.rb), and an
operator may delete any. Its page of consent would then say no more than that the client is unknown,
so an application is tried before somebody is sent there, once in a while.
"""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from alternator.accounts.oauth import App, OAuthServer
from alternator.accounts.pkce import Challenge
from alternator.config.settings import MastodonSettings
from alternator.errors import KeyMismatchError, ServerError
from alternator.mastodon.client import MastodonClient
from alternator.members.cipher import Cipher
from alternator.members.credentials import texts_of
from alternator.members.errors import JoinError
from alternator.store.sign_ups import SignUps

FRESH_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Door:
    """How members of a server are asked: by which application, for what, and whether with PKCE."""

    server: OAuthServer
    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    takes_pkce: bool

    def address(self, state: str, challenge: Challenge | None) -> str:
        """Where the owner is asked."""
        return self.server.address_to_ask(
            self.app, self.redirect_uri, self.scopes, state=state, challenge=challenge
        )


class Applications:
    """Those of all servers. Any thread may ask."""

    def __init__(
        self,
        sign_ups: SignUps,
        cipher: Cipher,
        redirect_uri: str,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sign_ups = sign_ups
        self._cipher = cipher
        self._redirect_uri = redirect_uri
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._doors: dict[str, tuple[float, Door]] = {}

    def door(self, url: str) -> Door:
        """How a server's members are asked. ServerError if it can't be reached, JoinError where
        nothing can be done for accounts there."""
        with self._lock:
            looked, door = self._doors.get(url, (0.0, None))
            if door is None or self._monotonic() - looked > FRESH_SECONDS:
                door = self._opened(url)
                self._doors[url] = (self._monotonic(), door)
            return door

    def _opened(self, url: str) -> Door:
        nobody = MastodonSettings(instance_url=url, access_token="")
        dialect = MastodonClient(nobody).instance().dialect
        if (why := dialect.refusal(url)) is not None:
            raise JoinError(f"Nothing can be described there: {why}.", status=503)
        server = OAuthServer(url)
        app = self._kept(url, dialect.scopes)
        if app is None or not server.knows(app):
            app = server.register(self._redirect_uri, dialect.scopes)
            text = json.dumps(
                [app.client_id, app.client_secret, self._redirect_uri, " ".join(dialect.scopes)]
            )
            self._sign_ups.keep_app(url, self._cipher.seal("app", text))
        return Door(
            server=server,
            app=app,
            redirect_uri=self._redirect_uri,
            scopes=dialect.scopes,
            takes_pkce=server.takes_pkce(),
        )

    def _kept(self, url: str, scopes: tuple[str, ...]) -> App | None:
        """The application that was registered before, if it is as it would be now."""
        kept = self._sign_ups.app(url)
        if kept is None:
            return None
        whose = f"this program's name at {url}"
        try:
            text = self._cipher.unseal("app", bytes(kept), whose)
            client_id, secret, redirect_uri, known = texts_of(text, 4, whose)
        except KeyMismatchError:
            return None  # another one is registered; members' tokens stay what they are
        if redirect_uri != self._redirect_uri or known != " ".join(scopes):
            return None
        return App(client_id=client_id, client_secret=secret)


def reason_of(error: ServerError) -> str:
    """A server's error as a sentence of a page."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
