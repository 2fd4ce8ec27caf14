"""How accounts are connected: at a sandbox server, and wherever that is broken off."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from member_site import MemberWebsite
from waiting import wait_for

from alternator.accounts.scopes import NEEDED
from alternator.config.database import DatabaseSettings
from alternator.members import joining
from alternator.members.application import Applications
from alternator.members.cipher import Cipher
from alternator.members.credentials import credentials_of
from alternator.members.joining import PATH, SECONDS
from alternator.store.cluster import Enrolled
from sandbox.model.records import ACCOUNTS
from sandbox.server import SandboxServer
from sandbox.settings import Settings

MakeSite = Callable[..., MemberWebsite]
WAITING = (
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def token_of(site: MemberWebsite, entry: Enrolled) -> str:
    return credentials_of(entry, Cipher(site.key)).token


@pytest.mark.parametrize("dialect", ["mastodon-4.2", "mastodon-4.5"])
def test_an_account_is_connected(database: DatabaseSettings, dialect: str):
    with (
        SandboxServer(settings=Settings.of(dialect)) as server,
        MemberWebsite(server, database) as site,
    ):
        visit = site.visit()
        asked = visit.begin()
        query = parse_qs(urlsplit(asked).query)
        assert tuple(query["scope"][0].split()) == NEEDED
        assert ("code_challenge" in query) is (dialect == "mastodon-4.5")
        found = visit.get(visit.way_back(asked, user="neighbour"))
        assert (found.status_code, found.headers["Location"]) == (303, "/me?said=connected")
        (entry,) = site.members
        assert entry.handle == f"neighbour@{server.url.removeprefix('http://')}"
        assert entry.key.startswith("member:") and entry.source == "member"
        assert site.granted == [token_of(site, entry)]
        assert entry.account is not None
        state = site.store.known_accounts(server.url)
        assert [one.key for one in state.values()] == [entry.account]
        assert "neighbour@" in visit.get("/me").text


def test_who_connects_again_has_one_enrolment_and_a_token_that_is_good(site: MemberWebsite):
    """Mastodon gives the token again that is there: it must not be revoked as the former one."""
    first, second = site.visit(), site.visit()
    first.join()
    (before,) = site.members
    second.join()
    (after,) = site.members
    assert (after.key, after.account) == (before.key, before.account)
    assert site.granted == [token_of(site, after)]
    # The session is another one.
    assert second.get("/me").status_code == 200
    assert first.get("/me").headers["Location"] == "/join"
    apps = site.server.requests(method="POST", path="/api/v1/apps")
    assert len(apps) == 1


def test_a_former_token_is_revoked(site: MemberWebsite):
    site.visit().join()
    (before,) = site.members
    # Members come by another address now, for which there is another application.
    with MemberWebsite(site.server, site.database, key=site.key) as later:
        later.visit().join()
        (after,) = later.members
        assert (after.key, after.account) == (before.key, before.account)
        assert later.granted == [token_of(site, after)] != [token_of(site, before)]


def test_choices_stay_when_somebody_connects_again(site: MemberWebsite):
    visit = site.visit()
    visit.join()
    visit.send("/me/choices", language="de", **{"visibility-public": "on"})
    visit.send("/me/pause")
    visit.join()
    (entry,) = site.members
    assert entry.settings["choices"] == {"language": "de", "visibilities": ["public"]}
    assert entry.paused


def test_somebody_who_does_not_allow_it_is_not_connected(site: MemberWebsite):
    visit = site.visit()
    back = visit.way_back(visit.begin(), allow=False)
    found = visit.get(back)
    assert found.status_code == 200 and "did not allow it" in found.text
    assert site.members == [] and site.granted == []
    # What was begun is over, whatever else comes with it.
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert visit.get(f"/join/callback?state={state}&code=x").status_code == 400


def test_a_way_back_is_good_once(site: MemberWebsite):
    visit = site.visit()
    back = visit.way_back(visit.begin())
    assert visit.get(back).status_code == 303
    again = visit.get(back)
    assert again.status_code == 400 and "done before" in again.text
    assert len(site.members) == 1


def test_a_way_back_is_good_in_the_browser_that_began(site: MemberWebsite):
    """Else somebody could have another's browser signed in to an account of their own."""
    mine, others = site.visit(), site.visit()
    back = mine.way_back(mine.begin())
    others.begin()
    for visit in (others, site.visit()):
        found = visit.get(back)
        assert found.status_code == 400 and "another browser" in found.text
    assert site.members == [] and site.granted == []
    assert mine.get(back).status_code == 400  # it was taken


def test_a_way_back_is_good_for_ten_minutes(site: MemberWebsite):
    visit = site.visit()
    back = visit.way_back(visit.begin())
    site.query(f"UPDATE signup_begun SET until = until - {SECONDS + 1}")
    assert visit.get(back).status_code == 400
    assert site.members == []


@pytest.mark.parametrize("query", ["", "?code=x", "?state=%00&code=x", "?state=a&state=b&code=%ff"])
def test_what_nobody_began_does_nothing(site: MemberWebsite, query: str):
    assert site.visit().get(f"/join/callback{query}").status_code in (200, 400)
    assert site.members == []


def test_only_members_of_the_server_come_in(site: MemberWebsite):
    with SandboxServer() as other:
        found = site.visit().send("/join/begin", server=other.url)
        assert found.status_code == 403 and "that server" in found.text
        assert other.requests() == []


def test_there_is_room_for_so_many(make_site: MakeSite):
    site = make_site(most_accounts=1)
    assert site.visit().join("demo").status_code == 303
    refused = site.visit().join("neighbour")
    assert refused.status_code == 403 and "room for 1 accounts" in refused.text
    (entry,) = site.members
    assert site.granted == [token_of(site, entry)]  # the refused one's is revoked
    # Who is in comes back.
    assert site.visit().join("demo").status_code == 303


def test_two_processes_let_in_no_more_than_there_is_room_for(make_site: MakeSite):
    here, there = make_site(most_accounts=1), make_site(most_accounts=1)
    visit = here.visit()
    back = visit.way_back(visit.begin(), user="neighbour")
    with ThreadPoolExecutor(1) as pool:
        with there.cluster.sign_ups.alone():
            late = pool.submit(visit.get, back)
            wait_for(lambda: here.query(WAITING) == [(1,)], 20, "the other one to wait")
            there.cluster.enrolment.enrol(Enrolled(key="member:a", source="member", server="x"))
        assert "room for 1 accounts" in late.result(20).text


@pytest.mark.parametrize(
    ("rules", "is_let_in"),
    [
        ({"deny": ("neighbour@HOST",)}, False),
        ({"deny": ("@Neighbour@HOST",), "allow": ("@HOST",)}, False),
        ({"allow": ("demo@HOST",)}, False),
        ({"allow": ("@neighbour@HOST",)}, True),
        ({"allow": ("@HOST",)}, True),
        ({"allow": ("@elsewhere.example",)}, False),
        ({"deny": ("demo@HOST",)}, True),
    ],
)
def test_the_operator_says_who(
    make_site: MakeSite, server: SandboxServer, rules: dict[str, tuple[str, ...]], is_let_in: bool
):
    host = server.url.removeprefix("http://")
    named = {key: tuple(one.replace("HOST", host) for one in all) for key, all in rules.items()}
    site = make_site(**named)
    assert site.visit().join("neighbour").status_code == (303 if is_let_in else 403)
    assert len(site.members) == len(site.granted) == (1 if is_let_in else 0)


def test_an_account_of_the_configuration_is_not_connected(site: MemberWebsite):
    (demo,) = (one for one in ACCOUNTS.values() if one.username == "demo")
    state = site.store.use_account(site.server.url, demo.id)
    enrolment = site.cluster.enrolment
    enrolment.enrol(Enrolled(key="config:home", source="config", server=site.server.url))
    enrolment.bind("config:home", state.key, "demo@here")
    found = site.visit().join("demo")
    assert found.status_code == 403 and "configuration already" in found.text
    assert site.members == [] and site.granted == []


def test_a_server_that_is_gone_is_said(site: MemberWebsite):
    site.server.fail("/api/v2/instance", status=503, times=20)
    site.server.fail("/api/v1/instance", status=503, times=20)
    found = site.visit().send("/join/begin")
    assert found.status_code == 502 and "did not do its part" in found.text


def test_a_token_that_can_t_be_verified_is_revoked(site: MemberWebsite):
    visit = site.visit()
    back = visit.way_back(visit.begin())
    site.server.fail("/api/v1/accounts/verify_credentials", status=403, body={"error": "suspended"})
    assert visit.get(back).status_code == 502
    assert site.members == [] and site.granted == []


def test_a_member_s_own_token_is_not_revoked_when_connecting_again_fails(site: MemberWebsite):
    site.visit().join()
    visit = site.visit()
    back = visit.way_back(visit.begin())
    site.server.fail("/api/v1/accounts/verify_credentials", status=403, body={"error": "no"})
    assert visit.get(back).status_code == 502
    (entry,) = site.members
    assert site.granted == [token_of(site, entry)]


def test_an_application_that_the_server_forgot_is_registered_anew(site: MemberWebsite):
    """Mastodon 4.2 forgets those that nobody has a token of after a day."""
    url = f"{site.url}{PATH}"
    first = Applications(site.cluster.sign_ups, Cipher(site.key), url).door(site.server.url)
    again = Applications(site.cluster.sign_ups, Cipher(site.key), url).door(site.server.url)
    assert again.app == first.app
    site.server.sandbox.oauth.apps.clear()
    later = Applications(site.cluster.sign_ups, Cipher(site.key), url).door(site.server.url)
    assert later.app != first.app and later.scopes == first.scopes
    assert list(site.server.sandbox.oauth.apps) == [later.app.client_id]
    # Nothing that came of asking is left.
    assert site.granted == []


def test_too_many_at_once_are_asked_to_wait(site: MemberWebsite, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(joining, "MOST_AT_ONCE", 2)
    assert [site.visit().send("/join/begin").status_code for _ in range(3)] == [303, 303, 503]


def test_nothing_that_is_kept_shows_a_secret(site: MemberWebsite):
    visit = site.visit()
    visit.begin()
    visit.join()
    (entry,) = site.members
    secrets = [*site.granted]
    secrets += [app.client_secret for app in site.server.sandbox.oauth.apps.values()]
    kept = site.dump() + repr([entry, credentials_of(entry, Cipher(site.key))])
    assert "signup_app" in kept and "signup_begun" in kept and "watched" in kept
    assert len(secrets) == 2 and [secret for secret in secrets if secret in kept] == []
