"""The whole dashboard, and what pages of other sites can't do to it in the same browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from dashboard_site import TOKEN, DashboardSite
from starlette.applications import Starlette
from starlette.routing import Route

from alternator.accounts.account import Account
from alternator.dashboard.access import COOKIE
from alternator.dashboard.app import create_app

ELSEWHERE = "https://evil.example"


@pytest.fixture
def closed(account: Account, tmp_path: Path) -> Iterator[DashboardSite]:
    """One that asks for its token, with something in it that could be changed."""
    with DashboardSite(account, tmp_path / "state", token=TOKEN) as site:
        site.fill("failed", 3)
        yield site


def forms(site: DashboardSite) -> list[str]:
    """Every path to which something can be sent, as an address that fits it."""
    application = create_app(site.site)._app
    assert isinstance(application, Starlette)
    found = [
        re.sub(r"{.*?}", "1", route.path)
        for route in application.routes
        if isinstance(route, Route) and "POST" in (route.methods or ())
    ]
    assert {"/login", "/logout", "/failures/retry", "/editing/resume"} <= set(found)
    return found


def logged_in(site: DashboardSite, *, cookie: str = "", **headers: str) -> str:
    """The cookie that somebody gets who types the token in."""
    brought = {"Origin": site.url, **headers} | ({"Cookie": cookie} if cookie else {})
    found = requests.post(
        f"{site.url}/login",
        data={"token": TOKEN},
        headers=brought,
        timeout=20,
        allow_redirects=False,
    )
    assert found.status_code == 303
    return found.headers["Set-Cookie"]


def status(site: DashboardSite, cookie: str) -> int:
    headers = {"Cookie": cookie}
    return requests.get(f"{site.url}/posts", headers=headers, timeout=20).status_code


@pytest.mark.threat("T11")
@pytest.mark.parametrize("origin", [ELSEWHERE, "null", None])
def test_no_form_takes_what_another_site_sends(closed: DashboardSite, origin: str | None):
    cookie = logged_in(closed).partition(";")[0]
    before = closed.account.queue()
    for path in forms(closed):
        headers = {"Cookie": cookie} | ({} if origin is None else {"Origin": origin})
        found = requests.post(
            f"{closed.url}{path}", data={"token": TOKEN}, headers=headers, timeout=20
        )
        assert found.status_code == 403 and "nothing was done" in found.text, path
        assert "Set-Cookie" not in found.headers, path
    assert closed.account.queue() == before


@pytest.mark.threat("T11")
def test_what_changes_something_can_not_be_done_by_a_link(closed: DashboardSite):
    cookie = {"Cookie": logged_in(closed).partition(";")[0]}
    before = closed.account.queue()
    for path in forms(closed):
        if path != "/login":  # whose page is shown
            found = requests.get(f"{closed.url}{path}", headers=cookie, timeout=20)
            assert found.status_code in (404, 405), path
    assert closed.account.queue() == before


@pytest.mark.threat("T12")
def test_no_answer_can_be_shown_within_another_page(closed: DashboardSite):
    cookie = {"Cookie": logged_in(closed).partition(";")[0]}
    paths = ("/", "/posts", "/drafts", "/failures", "/settings", "/login", "/healthz", "/none")
    for headers in (cookie, {}, {"Host": "evil.example"}):
        for path in (*paths, "/static/style.css"):
            found = requests.get(
                f"{closed.url}{path}", headers=headers, timeout=20, allow_redirects=False
            )
            policy = found.headers["Content-Security-Policy"]
            assert "frame-ancestors 'none'" in policy and "form-action 'self'" in policy, path
            assert found.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert found.headers["X-Content-Type-Options"] == "nosniff"
    refused = requests.post(f"{closed.url}/logout", headers={"Origin": ELSEWHERE}, timeout=20)
    assert "frame-ancestors 'none'" in refused.headers["Content-Security-Policy"]


@pytest.mark.threat("T13")
def test_a_session_that_somebody_planted_is_not_taken_over(closed: DashboardSite):
    planted = f"{COOKIE}=99999999999.planted.{'0' * 64}"
    assert status(closed, planted) == 401
    found = logged_in(closed, cookie=planted).partition(";")[0]
    assert "planted" not in found and status(closed, found) == 200
    # What was planted is worth as little as before.
    assert status(closed, planted) == 401
    # Each login is a session of its own, which the one before says nothing of.
    others = {logged_in(closed, cookie=found).partition(";")[0] for _ in range(3)}
    assert len(others | {found}) == 4


@pytest.mark.threat("T13")
def test_a_session_is_for_this_site_alone_and_no_script(closed: DashboardSite):
    flags = {flag.strip().lower() for flag in logged_in(closed).split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert not any(flag.startswith("domain") for flag in flags) and "secure" not in flags
    # Behind a proxy that speaks TLS, where the page's origin is another than what is asked here.
    secure = logged_in(closed, Origin=closed.url.replace("http://", "https://"))
    assert "secure" in {flag.strip().lower() for flag in secure.split(";")[1:]}


@pytest.mark.threat("T13")
def test_a_session_ends_with_the_token_that_it_was_made_of(account: Account, tmp_path: Path):
    with DashboardSite(account, tmp_path / "state", token=TOKEN) as site:
        cookie = logged_in(site).partition(";")[0]
        assert status(site, cookie) == 200
    with DashboardSite(account, tmp_path / "state", token=f"{TOKEN}-another") as site:
        assert status(site, cookie) == 401
