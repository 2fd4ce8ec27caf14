"""The endpoints as a client meets them, and the owner's page."""

from collections.abc import Iterator

import pytest
import requests
from owner import answer, code_on

from sandbox.model.oauth import OUT_OF_BAND, challenge_of
from sandbox.server import SandboxServer
from sandbox.settings import Settings

SCOPES = "read:accounts read:statuses write:statuses"
VERIFIER = "a-verifier-of-forty-three-characters-or-more"


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


def post(server: SandboxServer, path: str, **fields: str) -> requests.Response:
    return requests.post(f"{server.url}{path}", data=fields, timeout=10)


def register(server: SandboxServer, **fields: str) -> dict[str, str]:
    wanted = {"client_name": "A client", "redirect_uris": OUT_OF_BAND, "scopes": SCOPES} | fields
    return dict(post(server, "/api/v1/apps", **wanted).json())


def address(server: SandboxServer, app: dict[str, str], **fields: str) -> str:
    query = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": OUT_OF_BAND,
        "scope": SCOPES,
    } | fields
    found = requests.Request("GET", f"{server.url}/oauth/authorize", params=query).prepare().url
    assert found is not None
    return found


def exchange(server: SandboxServer, app: dict[str, str], code: str, **fields: str):
    return post(
        server,
        "/oauth/token",
        **{
            "grant_type": "authorization_code",
            "code": code,
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "redirect_uri": OUT_OF_BAND,
        }
        | fields,
    )


def test_the_whole_way_out_of_band(server: SandboxServer):
    app = register(server)
    assert app["scopes"] == SCOPES.split()
    asked = address(
        server, app, code_challenge=challenge_of(VERIFIER), code_challenge_method="S256"
    )
    page = requests.get(asked, timeout=10)
    assert "Let A client in?" in page.text
    assert "write:statuses" in page.text
    answered = exchange(server, app, code_on(answer(asked)), code_verifier=VERIFIER).json()
    assert answered["scope"] == SCOPES
    bearer = {"Authorization": f"Bearer {answered['access_token']}"}
    who = requests.get(
        f"{server.url}/api/v1/accounts/verify_credentials", headers=bearer, timeout=10
    )
    assert who.json()["username"] == "demo"
    info = requests.get(f"{server.url}/oauth/token/info", headers=bearer, timeout=10).json()
    assert info["scope"] == SCOPES.split()
    verified = requests.get(
        f"{server.url}/api/v1/apps/verify_credentials", headers=bearer, timeout=10
    ).json()
    assert (verified["name"], verified["scopes"]) == ("A client", SCOPES.split())
    known = {"client_id": app["client_id"], "client_secret": app["client_secret"]}
    gone = post(server, "/oauth/revoke", token=answered["access_token"], **known)
    assert (gone.status_code, gone.json()) == (200, {})
    again = requests.get(f"{server.url}/oauth/token/info", headers=bearer, timeout=10)
    assert again.status_code == 401


def test_what_does_not_fit_is_refused_in_the_form_of_the_standard(server: SandboxServer):
    app = register(server)
    code = code_on(answer(address(server, app)))
    wrong = exchange(server, app, code, client_secret="wrong")
    assert (wrong.status_code, wrong.json()["error"]) == (401, "invalid_client")
    other = exchange(server, app, code, grant_type="password")
    assert (other.status_code, other.json()["error"]) == (400, "unsupported_grant_type")
    stale = exchange(server, app, "never-given")
    assert (stale.status_code, stale.json()["error"]) == (400, "invalid_grant")
    foreign = post(server, "/oauth/revoke", token="sandbox", client_id="x", client_secret="y")
    assert (foreign.status_code, foreign.json()["error"]) == (403, "unauthorized_client")
    assert post(server, "/api/v1/apps", client_name="").status_code == 422


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"client_id": "nobody"}, "unknown client"),
        ({"redirect_uri": "https://elsewhere.example/"}, "redirect uri included is not valid"),
        ({"scope": "read write"}, "scope is invalid"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "must be S256"),
    ],
)
def test_the_owner_is_not_asked_for_what_can_not_be(
    server: SandboxServer, fields: dict[str, str], reason: str
):
    page = answer(address(server, register(server), **fields))
    assert page.status_code == 400
    assert reason in page.text


def test_the_owner_may_say_no(server: SandboxServer):
    page = answer(address(server, register(server)), allow=False)
    assert page.status_code == 400
    assert "denied the request" in page.text


def test_only_newer_servers_tell_of_pkce(server: SandboxServer):
    path = "/.well-known/oauth-authorization-server"
    found = requests.get(f"{server.url}{path}", timeout=10).json()
    assert found["code_challenge_methods_supported"] == ["S256"]
    with SandboxServer(settings=Settings.of("mastodon-4.2")) as older:
        assert requests.get(f"{older.url}{path}", timeout=10).status_code == 404
        app = register(older)
        asked = address(older, app, code_challenge="passed-over", code_challenge_method="S256")
        assert exchange(older, app, code_on(answer(asked))).status_code == 200
