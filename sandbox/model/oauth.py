"""Applications, authorization codes and tokens, as Doorkeeper keeps them for Mastodon.

https://docs.joinmastodon.org/methods/oauth/, https://docs.joinmastodon.org/methods/apps/. Codes are
good once, and for ten minutes; tokens are reused, and end never:
https://github.com/mastodon/mastodon/blob/v4.4.8/config/initializers/doorkeeper.rb
"""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.errors import RefusedError
from sandbox.model.records import TOKENS, Account, Token

# Where a code is shown instead of being sent anywhere.
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
CODE_SECONDS = 600.0
DEFAULT_SCOPES = ("read",)
# Those that are known: https://docs.joinmastodon.org/api/oauth-scopes/
WHOLE_SCOPES = ("read", "write", "follow", "push", "profile")
PARTS = ("accounts", "statuses", "media", "notifications", "follows")


@dataclass(frozen=True, kw_only=True)
class App:
    """A registered application."""

    id: str
    name: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What an application asks an account's owner for."""

    app: App
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str | None  # of PKCE, where the server knows of that


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A code that was given for a wish."""

    wish: Wish
    account: Account
    until: float


class OAuth:
    """What is registered and granted on one server. For all threads."""

    def __init__(self, *, pkce: bool, clock: Callable[[], float] = time.time) -> None:
        self.pkce = pkce
        self._clock = clock
        self._lock = threading.Lock()
        self.apps: dict[str, App] = {}
        self._grants: dict[str, Grant] = {}
        self._tokens: dict[str, tuple[Token, App]] = {}
        self._revoked: set[str] = set()

    def clear(self) -> None:
        """As on the first day."""
        with self._lock:
            for known in (self.apps, self._grants, self._tokens):
                known.clear()
            self._revoked.clear()

    def token(self, value: str) -> Token | None:
        """What a token is good for; None for one that is not, or no more."""
        with self._lock:
            if value in self._revoked:
                return None
            found = self._tokens.get(value)
            return found[0] if found is not None else TOKENS.get(value)

    def app_of(self, value: str) -> App | None:
        """The application of a token; None for those that were there on the first day."""
        with self._lock:
            found = self._tokens.get(value)
            return None if found is None else found[1]

    def register(self, name: str, redirect_uris: tuple[str, ...], scopes: tuple[str, ...]) -> App:
        """A new application. RefusedError (422) for what Mastodon takes none of."""
        if not name:
            raise RefusedError(422, "Validation failed: Application name can't be blank")
        if not redirect_uris or not all(
            "://" in uri or uri == OUT_OF_BAND for uri in redirect_uris
        ):
            raise RefusedError(422, "Validation failed: Redirect URI must be an absolute URI.")
        if not all(is_scope(scope) for scope in scopes):
            raise RefusedError(
                422, "Validation failed: Scopes doesn't match configured on the server."
            )
        with self._lock:
            app = App(
                id=str(len(self.apps) + 2),
                name=name,
                redirect_uris=redirect_uris,
                scopes=scopes or DEFAULT_SCOPES,
                client_id=secrets.token_urlsafe(32),
                client_secret=secrets.token_urlsafe(32),
            )
            self.apps[app.client_id] = app
        return app

    def grant(self, wish: Wish, account: Account) -> str:
        """The code that an account's owner gives an application."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            until = self._clock() + CODE_SECONDS
            self._grants[code] = Grant(wish=wish, account=account, until=until)
        return code

    def exchange(self, app: App, code: str, redirect_uri: str, verifier: str | None) -> str | None:
        """The token that a code is worth, once; None for one that is worth none."""
        with self._lock:
            grant = self._grants.pop(code, None)
            if grant is None or grant.until < self._clock():
                return None
            wish = grant.wish
            if wish.app != app or wish.redirect_uri != redirect_uri:
                return None
            if wish.challenge is not None and challenge_of(verifier or "") != wish.challenge:
                return None
            token = token_of(grant.account, wish.scopes)
            for value, (given, to) in self._tokens.items():
                # An account that allows the same again gets the token that it has.
                if given == token and to == app and value not in self._revoked:
                    return value
            value = secrets.token_urlsafe(32)
            self._tokens[value] = (token, app)
            return value

    def revoke(self, app: App, value: str) -> bool:
        """Make a token of this application worth nothing; whether it was one, or is none at all."""
        with self._lock:
            found = self._tokens.get(value)
            if found is not None and found[1] != app:
                return False
            if value in TOKENS:
                return False
            self._tokens.pop(value, None)
            return True

    def withdraw(self, value: str) -> None:
        """The owner takes a token back, whosever it is."""
        with self._lock:
            self._revoked.add(value)


def token_of(account: Account, scopes: tuple[str, ...]) -> Token:
    """A token with these scopes."""
    return Token(account=account, scopes=scopes)


def is_scope(scope: str) -> bool:
    """Whether there is such a scope."""
    whole, _, part = scope.partition(":")
    return scope in WHOLE_SCOPES or (whole in ("read", "write") and part in PARTS)


def are_within(scopes: tuple[str, ...], granted: tuple[str, ...]) -> bool:
    """Whether all of these scopes are granted, one by one or as a whole.

    A part of what was registered as a whole is another scope:
    https://github.com/doorkeeper-gem/doorkeeper/blob/v5.8.2/lib/doorkeeper/oauth/scopes.rb
    """
    return set(scopes) <= set(granted)


def challenge_of(verifier: str) -> str:
    """https://www.rfc-editor.org/rfc/rfc7636#section-4.2"""
    digest = hashlib.sha256(verifier.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
