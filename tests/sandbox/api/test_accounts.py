"""Accounts, their statuses page by page, and the timelines."""

import pytest
import requests
from mastodon import Mastodon

from sandbox.model.records import DEMO_ACCOUNT
from sandbox.server import SandboxServer
from sandbox.settings import Settings

STATUSES_PATH = f"/api/v1/accounts/{DEMO_ACCOUNT.id}/statuses"


def texts(response) -> list[str]:
    return [
        status["content"].removeprefix("<p>").removesuffix("</p>") for status in response.json()
    ]


@pytest.fixture
def ids(server) -> list[str]:
    """The ids of five posts, "0" to "4", oldest first."""
    return [server.post(str(number))["id"] for number in range(5)]


def test_credentials_name_the_account_and_its_defaults(api):
    account = api("GET", "/api/v1/accounts/verify_credentials").json()
    assert (account["id"], account["username"]) == (DEMO_ACCOUNT.id, "demo")
    assert account["source"]["language"] == "en"
    assert api("GET", f"/api/v1/accounts/{account['id']}").json()["acct"] == "demo"
    assert api("GET", "/api/v1/accounts/lookup?acct=demo").json()["id"] == DEMO_ACCOUNT.id
    assert api("GET", "/api/v1/accounts/1").status_code == 404


@pytest.mark.parametrize(
    ("token", "scopes"), [("sandbox", ["read", "write"]), ("sandbox-read-only", ["read"])]
)
def test_application_names_its_scopes(connect, server, token, scopes):
    api = connect(server.url, token)
    assert api("GET", "/api/v1/apps/verify_credentials").json()["scopes"] == scopes


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["4", "3", "2", "1", "0"]),
        ("limit=2", ["4", "3"]),
        ("limit=2&max_id={3}", ["2", "1"]),
        ("limit=2&since_id={0}", ["4", "3"]),
        ("limit=2&min_id={0}", ["2", "1"]),
        ("limit=nonsense", ["4", "3", "2", "1", "0"]),
    ],
)
def test_pages(api, ids, query, expected):
    assert texts(api("GET", f"{STATUSES_PATH}?{query.format(*ids)}")) == expected


def test_client_library_walks_through_all_pages(server, ids):
    client = Mastodon(access_token="sandbox", api_base_url=server.url, version_check_mode="none")
    found = client.account_statuses(DEMO_ACCOUNT.id, limit=2)
    seen = []
    while found:
        seen += [str(status.id) for status in found]
        found = client.fetch_next(found)
    assert seen == list(reversed(ids))


def test_link_header_leads_back_up(api, ids):
    page = api("GET", f"{STATUSES_PATH}?limit=2&max_id={ids[2]}")
    assert texts(page) == ["1", "0"]
    assert texts(api("GET", page.links["prev"]["url"].removeprefix(api.url))) == ["3", "2"]


def test_filters(api, server, picture):
    theirs = server.post("theirs", token="neighbour")
    with_media = server.post("media", files=[picture])
    server.post("reply", in_reply_to_id=theirs["id"])
    server.post("thread", in_reply_to_id=with_media["id"])
    server.boost(theirs["id"])
    assert texts(api("GET", f"{STATUSES_PATH}?only_media=true")) == ["media"]
    assert len(api("GET", f"{STATUSES_PATH}?exclude_reblogs=true").json()) == 3
    without_replies = f"{STATUSES_PATH}?exclude_replies=true&exclude_reblogs=1"
    assert texts(api("GET", without_replies)) == ["thread", "media"]
    assert api("GET", f"{STATUSES_PATH}?pinned=true").json() == []


def test_private_posts_show_up_for_their_author_alone(api, server):
    server.post("for me", visibility="private")
    assert texts(api("GET", STATUSES_PATH)) == ["for me"]
    assert api("GET", STATUSES_PATH, headers={"Authorization": None}).json() == []


def test_home_has_the_neighbours_posts_too(api, server):
    server.post("mine")
    server.post("theirs", token="neighbour")
    assert texts(api("GET", "/api/v1/timelines/home")) == ["theirs", "mine"]
    assert texts(api("GET", "/api/v1/timelines/public")) == ["theirs", "mine"]


def test_an_account_says_something_of_itself(api, server):
    fields = [{"name": "Bots", "value": "#nobot"}]
    changed = {"note": "No robots & <so on>", "fields_attributes": fields}
    account = api("PATCH", "/api/v1/accounts/update_credentials", json=changed).json()
    assert account["note"] == "<p>No robots &amp; &lt;so on&gt;</p>"
    assert account["source"]["note"] == "No robots & <so on>"
    assert [(field["name"], field["value"]) for field in account["fields"]] == [("Bots", "#nobot")]
    posted = server.post("Hello")
    assert posted["account"]["note"] == account["note"]
    server.say_of_self("Anew")
    assert server.status(posted["id"])["account"]["fields"] == []


def test_before_4_3_an_application_does_not_tell_its_scopes():
    with SandboxServer(settings=Settings.of("mastodon-4.2")) as server:
        headers = {"Authorization": "Bearer sandbox"}
        url = f"{server.url}/api/v1/apps/verify_credentials"
        assert "scopes" not in requests.get(url, headers=headers, timeout=10).json()
