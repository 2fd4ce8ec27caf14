from dataclasses import replace

import pytest

from sandbox.errors import RefusedError
from sandbox.model.oauth import CODE_SECONDS, OUT_OF_BAND, App, OAuth, Wish, challenge_of, is_scope
from sandbox.model.records import DEMO_ACCOUNT, NEIGHBOUR

SCOPES = ("read:accounts", "write:statuses")
VERIFIER = "a-verifier-of-forty-three-characters-or-more"


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def oauth(time: Time) -> OAuth:
    return OAuth(pkce=True, clock=time)


@pytest.fixture
def app(oauth: OAuth) -> App:
    return oauth.register("A client", (OUT_OF_BAND,), SCOPES)


def wish(app: App, challenge: str | None = None) -> Wish:
    return Wish(app=app, redirect_uri=OUT_OF_BAND, scopes=SCOPES, state=None, challenge=challenge)


def test_a_code_is_worth_one_token(oauth: OAuth, app: App):
    code = oauth.grant(wish(app), NEIGHBOUR)
    value = oauth.exchange(app, code, OUT_OF_BAND, None)
    assert value is not None
    token = oauth.token(value)
    assert token is not None
    assert (token.account, token.may_write, token.scopes) == (NEIGHBOUR, True, SCOPES)
    assert oauth.exchange(app, code, OUT_OF_BAND, None) is None


def test_a_code_is_worth_nothing_to_another_elsewhere_or_later(oauth: OAuth, app: App, time: Time):
    other = oauth.register("Another", (OUT_OF_BAND,), SCOPES)
    assert oauth.exchange(other, oauth.grant(wish(app), DEMO_ACCOUNT), OUT_OF_BAND, None) is None
    assert oauth.exchange(app, oauth.grant(wish(app), DEMO_ACCOUNT), "http://a.b", None) is None
    code = oauth.grant(wish(app), DEMO_ACCOUNT)
    time.now += CODE_SECONDS + 1
    assert oauth.exchange(app, code, OUT_OF_BAND, None) is None


def test_a_challenge_must_be_met(oauth: OAuth, app: App):
    asked = wish(app, challenge_of(VERIFIER))
    for wrong in (None, "", f"{VERIFIER}x"):
        code = oauth.grant(asked, DEMO_ACCOUNT)
        assert oauth.exchange(app, code, OUT_OF_BAND, wrong) is None
    assert oauth.exchange(app, oauth.grant(asked, DEMO_ACCOUNT), OUT_OF_BAND, VERIFIER)


def test_the_challenge_is_the_one_of_the_standard():
    """https://www.rfc-editor.org/rfc/rfc7636#appendix-B"""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert challenge_of(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_token_is_revoked_by_its_application_alone(oauth: OAuth, app: App):
    value = oauth.exchange(app, oauth.grant(wish(app), DEMO_ACCOUNT), OUT_OF_BAND, None)
    assert value is not None
    assert not oauth.revoke(oauth.register("Another", (OUT_OF_BAND,), SCOPES), value)
    assert oauth.token(value) is not None
    assert oauth.revoke(app, value)
    assert oauth.revoke(app, value)
    assert oauth.token(value) is None
    assert not oauth.revoke(app, "sandbox")


def test_the_owner_can_take_any_token_back(oauth: OAuth):
    assert oauth.token("sandbox") is not None
    oauth.withdraw("sandbox")
    assert oauth.token("sandbox") is None
    oauth.clear()
    assert oauth.token("sandbox") is not None


@pytest.mark.parametrize(
    ("name", "uris", "scopes", "reason"),
    [
        ("", (OUT_OF_BAND,), (), "Application name can't be blank"),
        ("a", (), (), "Redirect URI must be an absolute URI."),
        ("a", ("here",), (), "Redirect URI must be an absolute URI."),
        ("a", (OUT_OF_BAND,), ("all",), "Scopes doesn't match configured on the server."),
    ],
)
def test_an_application_that_can_not_be_is_refused(
    oauth: OAuth, name: str, uris: tuple[str, ...], scopes: tuple[str, ...], reason: str
):
    with pytest.raises(RefusedError, match=reason) as caught:
        oauth.register(name, uris, scopes)
    assert caught.value.status == 422


@pytest.mark.parametrize(
    ("scope", "known"), [("read", True), ("write:media", True), ("push:a", False), ("x", False)]
)
def test_what_a_scope_is(scope: str, known: bool):
    assert is_scope(scope) is known


def test_who_allows_the_same_again_gets_the_same_token_until_it_is_revoked(oauth: OAuth, app: App):
    def again(scopes: tuple[str, ...] = SCOPES) -> str | None:
        asked = replace(wish(app), scopes=scopes)
        return oauth.exchange(app, oauth.grant(asked, DEMO_ACCOUNT), OUT_OF_BAND, None)

    first = again()
    assert first is not None and again() == first
    assert again(SCOPES[:1]) != first
    oauth.withdraw(first)
    second = again()
    assert second is not None and second != first
    assert oauth.revoke(app, second) and again() != second
