"""A login: register, have the owner asked, get a token, look whose it is, write it down.

Nothing is written before all of that has gone well, and a token that was given meanwhile is
revoked: a login that is broken off, wherever it is, leaves nothing behind on this machine. (The
server keeps the application's name; no API removes it.)
"""

import contextlib
import secrets
import sys
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from alternator import terminal
from alternator.accounts import token_files
from alternator.accounts.loopback import Loopback
from alternator.accounts.oauth import App, Granted, OAuthServer
from alternator.accounts.pkce import Challenge
from alternator.accounts.scopes import missing
from alternator.config.settings import MastodonSettings
from alternator.errors import AlternatorError, ServerError
from alternator.mastodon.client import MastodonClient

# https://docs.joinmastodon.org/methods/oauth/#authorize
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


@dataclass(frozen=True, kw_only=True)
class LoggedIn:
    """Whose the token is, and what it may."""

    name: str
    scopes: tuple[str, ...]


def say(text: str) -> None:
    """A line for the person who logs in; standard output is for what comes of it."""
    terminal.say(text, file=sys.stderr)


def typed_code() -> str:
    """The code that a person copies."""
    say("Code: ")
    return sys.stdin.readline().strip()


def log_in(
    url: str,
    token_file: Path,
    *,
    browser: bool,
    open_address: Callable[[str], bool] = webbrowser.open,
    more: tuple[str, ...] = (),
) -> LoggedIn:
    """Log in on a server, and write the token. ServerError, ConfigError if that can't be.

    ``more``: scopes that the configuration needs beside those that always are.
    """
    token_files.check_free(token_file)
    server = OAuthServer(url)
    scopes = (*needed_scopes(url), *more)
    challenge = Challenge() if server.takes_pkce() else None
    if browser:
        app, granted = by_loopback(server, scopes, challenge, open_address)
    else:
        app, granted = out_of_band(server, scopes, challenge)
    try:
        if lacking := missing(granted.scopes or scopes, scopes):
            raise ServerError(f"{url} gave a token without {' '.join(lacking)}, which it needs")
        client = MastodonClient(MastodonSettings(instance_url=url, access_token=granted.token))
        name = client.verify().name
        token_files.write(token_file, granted.token, app, url)
    except BaseException:
        with contextlib.suppress(AlternatorError):
            server.revoke(app, granted.token)
        raise
    return LoggedIn(name=name, scopes=granted.scopes or scopes)


def needed_scopes(url: str) -> tuple[str, ...]:
    """What the server's dialect needs; says so where not every mode works there."""
    nobody = MastodonSettings(instance_url=url, access_token="")
    dialect = MastodonClient(nobody).instance().dialect
    if dialect.describes == "none":
        say(
            f'Of {url}: {dialect.why_not}. [mastodon] mode = "reply" and "dry-run" work there, '
            f'"edit" and "review" do not (docs/modes.md).'
        )
    return dialect.scopes


def by_loopback(
    server: OAuthServer,
    scopes: tuple[str, ...],
    challenge: Challenge | None,
    open_address: Callable[[str], bool],
) -> tuple[App, Granted]:
    """Through a browser on this machine, which brings the code."""
    state = secrets.token_urlsafe(16)
    with Loopback(state) as loopback:
        redirect_uri = loopback.redirect_uri
        app = server.register(redirect_uri, scopes)
        address = server.address_to_ask(app, redirect_uri, scopes, state=state, challenge=challenge)
        say(f"Allow it in the browser; if none opens, go to\n\n    {address}\n")
        open_address(address)
        code = loopback.wait()
    return app, server.exchange(app, code, redirect_uri, challenge)


def out_of_band(
    server: OAuthServer, scopes: tuple[str, ...], challenge: Challenge | None
) -> tuple[App, Granted]:
    """Through a browser anywhere, from which a person copies the code."""
    app = server.register(OUT_OF_BAND, scopes)
    state = secrets.token_urlsafe(16)
    address = server.address_to_ask(app, OUT_OF_BAND, scopes, state=state, challenge=challenge)
    say(f"Allow it in a browser, and copy the code that it shows:\n\n    {address}\n")
    code = typed_code()
    if not code:
        raise ServerError("no code was given; nothing was changed")
    return app, server.exchange(app, code, OUT_OF_BAND, challenge)
