"""The server's side, at the sandbox."""

from urllib.parse import parse_qs, urlsplit

import pytest
from owner import answer, code_on

from alternator.accounts.oauth import App, OAuthServer, host_of
from alternator.accounts.pkce import Challenge
from alternator.accounts.scopes import NEEDED
from alternator.errors import ServerError, TemporaryServerError, UnexpectedAnswerError
from sandbox.server import SandboxServer
from sandbox.settings import Settings

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def code_of(server: OAuthServer, app: App, challenge: Challenge | None) -> str:
    address = server.address_to_ask(app, OUT_OF_BAND, NEEDED, state="s", challenge=challenge)
    return code_on(answer(address))


@pytest.mark.parametrize("dialect", ["mastodon-4.2", "mastodon-4.5"])
def test_a_code_becomes_a_token_that_can_be_revoked(dialect: str):
    with SandboxServer(settings=Settings.of(dialect)) as sandbox:
        server = OAuthServer(sandbox.url)
        assert server.takes_pkce() == (dialect != "mastodon-4.2")
        challenge = Challenge() if server.takes_pkce() else None
        app = server.register(OUT_OF_BAND, NEEDED)
        code = code_of(server, app, challenge)
        granted = server.exchange(app, code, OUT_OF_BAND, challenge)
        assert granted.scopes == NEEDED
        assert server.scopes_of(granted.token) == NEEDED
        with pytest.raises(ServerError, match=r"refuses this \(HTTP 400\): The provided authori"):
            server.exchange(app, code, OUT_OF_BAND, challenge)
        server.revoke(app, granted.token)
        server.revoke(app, granted.token)
        assert server.scopes_of(granted.token) is None


def test_another_challenge_is_worth_nothing(server: SandboxServer):
    known = OAuthServer(server.url)
    app = known.register(OUT_OF_BAND, NEEDED)
    code = code_of(known, app, Challenge())
    with pytest.raises(ServerError, match="authorization grant is invalid"):
        known.exchange(app, code, OUT_OF_BAND, Challenge())


def test_the_address_says_who_asks_and_for_what(server: SandboxServer):
    challenge = Challenge()
    app = App(client_id="the-client", client_secret="the-secret")
    address = OAuthServer(server.url).address_to_ask(
        app, "http://127.0.0.1:1/code", NEEDED, state="the-state", challenge=challenge
    )
    assert parse_qs(urlsplit(address).query) == {
        "response_type": ["code"],
        "client_id": ["the-client"],
        "redirect_uri": ["http://127.0.0.1:1/code"],
        "scope": [" ".join(NEEDED)],
        "state": ["the-state"],
        "code_challenge": [challenge.code],
        "code_challenge_method": ["S256"],
    }
    assert "the-secret" not in address
    assert challenge.verifier not in address


def test_a_token_of_another_application_is_not_revoked(server: SandboxServer):
    known = OAuthServer(server.url)
    app = known.register(OUT_OF_BAND, NEEDED)
    with pytest.raises(ServerError, match="You are not authorized to revoke this token"):
        known.revoke(app, "sandbox")


def test_the_application_is_asked_where_the_server_says_nothing_of_the_token(
    server: SandboxServer,
):
    server.fail("/oauth/token/info", status=404)
    assert OAuthServer(server.url).scopes_of("sandbox-read-only") == ("read",)


def test_what_is_no_such_server_is_said(server: SandboxServer):
    with pytest.raises(TemporaryServerError, match="can't be reached"):
        OAuthServer("http://127.0.0.1:1").takes_pkce()
    server.fail("/api/v1/apps", method="POST", body="<p>Hello</p>", status=200)
    with pytest.raises(UnexpectedAnswerError, match="does not answer like a server of Mastodon's"):
        OAuthServer(server.url).register(OUT_OF_BAND, NEEDED)
    assert host_of("https://social.example:8443") == "social.example:8443"


@pytest.mark.parametrize("grants", [True, False])
def test_an_application_is_known_until_the_server_forgets_it(server: SandboxServer, grants: bool):
    """Mastodon gives an application a token of its own; other servers have no such grant."""
    known = OAuthServer(server.url)
    app = known.register(OUT_OF_BAND, NEEDED)
    if grants:
        server.fail("/oauth/token", method="POST", status=200, body={"access_token": "of-the-app"})
    assert known.knows(app)
    revoked = server.requests(method="POST", path="/oauth/revoke")
    assert len(revoked) == (1 if grants else 0)
    server.sandbox.oauth.apps.clear()
    assert not known.knows(app)


def test_a_server_in_trouble_says_nothing_of_an_application(server: SandboxServer):
    known = OAuthServer(server.url)
    app = known.register(OUT_OF_BAND, NEEDED)
    for status in (503, 429):
        server.fail("/oauth/token", method="POST", status=status, body={"error": "later"})
        with pytest.raises(TemporaryServerError):
            known.knows(app)
