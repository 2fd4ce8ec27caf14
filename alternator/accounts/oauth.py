"""A server's side of a login: register, exchange a code for a token, revoke it, say what it may.

https://docs.joinmastodon.org/methods/oauth/ and https://docs.joinmastodon.org/methods/apps/. Each
request is sent once: a code is good once, and a person waits who can try again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

import requests

from alternator.accounts.pkce import Challenge
from alternator.errors import ServerError, UnexpectedAnswerError
from alternator.mastodon import server_errors
from alternator.web.credentials import BearerToken, NoAuth
from alternator.web.form import Fields
from alternator.web.json_body import NoJsonError
from alternator.web.one_line import one_line
from alternator.web.session import Answer, Limits, TooLargeError, WebSession

LIMITS = Limits(seconds=30.0)
CLIENT_NAME = "Alternator"
MOST_REASON = 200  # characters of a server's own words in a message


@dataclass(frozen=True, kw_only=True)
class App:
    """What the server knows this program by."""

    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Granted:
    """A token and the scopes that the server says it has."""

    token: str = field(repr=False)
    scopes: tuple[str, ...]


class OAuthServer:
    """The endpoints of one server; ``url`` is its address without a slash at its end."""

    def __init__(self, url: str) -> None:
        self.url = url

    def takes_pkce(self) -> bool:
        """Whether the server says that it does, as Mastodon has since 4.3.

        One that does not know of it might take it amiss. ServerError if it can't be reached.
        """
        answer = self._send("GET", "/.well-known/oauth-authorization-server")
        if not answer.ok:
            return False
        try:
            found = answer.json()
        except NoJsonError:
            return False  # some servers have a page for every path
        methods = found.get("code_challenge_methods_supported") if isinstance(found, dict) else None
        return isinstance(methods, list) and "S256" in methods

    def register(self, redirect_uri: str, scopes: tuple[str, ...]) -> App:
        """A new application of the server's."""
        fields = {
            "client_name": CLIENT_NAME,
            "redirect_uris": redirect_uri,
            "scopes": " ".join(scopes),
        }
        found = self._answered("/api/v1/apps", fields)
        return App(
            client_id=self._text(found, "client_id"),
            client_secret=self._text(found, "client_secret"),
        )

    def knows(self, app: App) -> bool:
        """Whether an application is registered still; one that is not gets ``invalid_client``.

        https://www.rfc-editor.org/rfc/rfc6749#section-5.2. A token of the application itself that
        comes of asking is revoked. ServerError if the server can't be reached.
        """
        fields = {
            "grant_type": "client_credentials",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
        }
        answer = self._send("POST", "/oauth/token", fields)
        if answer.status == 429 or answer.status >= 500:
            raise self._refused(answer)
        try:
            found = answer.json()
        except NoJsonError:
            found = None
        given = found if isinstance(found, dict) else {}
        if isinstance(token := given.get("access_token"), str) and answer.ok:
            self.revoke(app, token)
        return answer.status != 401 and given.get("error") != "invalid_client"

    # size: what the address says.
    def address_to_ask(
        self,
        app: App,
        redirect_uri: str,
        scopes: tuple[str, ...],
        *,
        state: str,
        challenge: Challenge | None,
    ) -> str:
        """Where the account's owner is asked."""
        query = {
            "response_type": "code",
            "client_id": app.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(scopes),
            "state": state,
        }
        if challenge is not None:
            query |= {"code_challenge": challenge.code, "code_challenge_method": "S256"}
        return f"{self.url}/oauth/authorize?{urlencode(query)}"

    def exchange(
        self, app: App, code: str, redirect_uri: str, challenge: Challenge | None
    ) -> Granted:
        """The token that a code is worth. ServerError if it is worth none."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "redirect_uri": redirect_uri,
        }
        if challenge is not None:
            fields["code_verifier"] = challenge.verifier
        found = self._answered("/oauth/token", fields)
        scopes = found.get("scope")
        return Granted(
            token=self._text(found, "access_token"),
            scopes=tuple(scopes.split()) if isinstance(scopes, str) else (),
        )

    def revoke(self, app: App, token: str) -> None:
        """Make a token worth nothing; one that is so already is no error."""
        fields = {
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "token": token,
        }
        answer = self._send("POST", "/oauth/revoke", fields)
        if not answer.ok:
            raise self._refused(answer)

    def scopes_of(self, token: str) -> tuple[str, ...] | None:
        """What a token may do; None where the server does not tell.

        Doorkeeper, Mastodon's library, tells of the token itself, and since 4.3 Mastodon's API of
        the application's scopes, which the token has at most.
        """
        for path, key in (
            ("/oauth/token/info", "scope"),
            ("/api/v1/apps/verify_credentials", "scopes"),
        ):
            answer = self._send("GET", path, token=token)
            try:
                found = answer.json() if answer.ok else None
            except NoJsonError:
                continue
            scopes = found.get(key) if isinstance(found, dict) else None
            if isinstance(scopes, str):
                scopes = scopes.split()
            if isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes):
                return tuple(scopes)
        return None

    def _answered(self, path: str, fields: Mapping[str, str]) -> dict[str, object]:
        """The object that a form is answered with."""
        answer = self._send("POST", path, fields)
        if not answer.ok:
            raise self._refused(answer)
        try:
            found = answer.json()
        except NoJsonError:
            found = None
        if not isinstance(found, dict):
            raise self._not_understood()
        return found

    def _send(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        token: str | None = None,
    ) -> Answer:
        auth = NoAuth() if token is None else BearerToken(token)
        session = WebSession(auth=auth, headers={"Accept": "application/json"})
        form = None if fields is None else Fields(fields)
        try:
            return session.send(method, self.url + path, form=form, limits=LIMITS)
        except TooLargeError:
            raise self._not_understood() from None
        except requests.RequestException as error:
            raise server_errors.unreachable(self.url, error) from error

    def _text(self, found: Mapping[str, object], key: str) -> str:
        value = found.get(key)
        if not isinstance(value, str) or not value:
            raise self._not_understood()
        return value

    def _not_understood(self) -> ServerError:
        return UnexpectedAnswerError(
            f"{self.url} does not answer like a server of Mastodon's API; check its address"
        )

    def _refused(self, answer: Answer) -> ServerError:
        """An error of OAuth's form, https://www.rfc-editor.org/rfc/rfc6749#section-5.2, or of the
        API's."""
        try:
            found = answer.json()
        except NoJsonError:
            found = None
        if not isinstance(found, dict) or answer.status == 429 or answer.status >= 500:
            return server_errors.of_answer(self.url, answer)
        said = found.get("error_description") or found.get("error") or "no reason"
        reason = one_line(str(said), MOST_REASON)
        return ServerError(f"{self.url} refuses this (HTTP {answer.status}): {reason}")


def host_of(url: str) -> str:
    """The server's name in its address."""
    return urlsplit(url).netloc
