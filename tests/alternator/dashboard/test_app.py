"""The whole dashboard over HTTP: what its pages show, and what its forms do."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from dashboard_site import HOSTILE, TOKEN, DashboardSite

from alternator.accounts.account import Account
from alternator.dashboard.app import own_path
from alternator.store.asked import Asking

POSTS = ("/posts/115000000000004060", "/posts/115000000000000089")
PAGES = ("/", "/posts", "/drafts", "/failures", "/settings", *POSTS)
MOST_BYTES = 100_000


def page(site: DashboardSite, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{site.url}{path}", headers=headers, timeout=20, allow_redirects=False)


def send(site: DashboardSite, path: str, **fields: str) -> requests.Response:
    """A form, as a browser sends it from the dashboard's own page."""
    origin = {"Origin": site.url}
    return requests.post(
        f"{site.url}{path}", data=fields, headers=origin, timeout=20, allow_redirects=False
    )


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_small_and_brings_nothing_of_others(filled: DashboardSite, path: str):
    found = page(filled, path)
    assert found.status_code == 200
    assert found.text.rstrip().endswith("</html>") and len(found.content) < MOST_BYTES
    policy = found.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert found.headers["Cache-Control"] == "no-store"
    # Nothing is loaded from elsewhere, nothing runs that stands in the page itself.
    loaded = re.findall(r'(?:src|action|formaction|hx-get)="([^"]*)"', found.text)
    assert loaded and all(address.startswith("/") for address in loaded)
    assert not re.search(r"<script(?! src=)|style=|\son\w+=", found.text)


def test_with_10000_posts_and_10000_failures_pages_stay_small(dashboard: DashboardSite):
    dashboard.fill("described", 10_000, apart=60)
    dashboard.fill("failed", 10_000, apart=60, first=100_000)
    for path in (*PAGES[:-2], "/posts?page=400", "/failures?page=400", "/?span=week"):
        found = page(dashboard, path)
        assert found.status_code == 200 and len(found.content) < MOST_BYTES, path
    last = page(dashboard, "/failures?page=99999").text
    assert "9976 to 10000 of 10000" in last and "Older" not in last
    first = page(dashboard, "/failures").text
    assert "1 to 25 of 10000" in first and "<strong>3334</strong>" in first
    assert first.count(">Try again<") == 25


def test_what_others_wrote_is_text(filled: DashboardSite):
    for path in ("/failures", "/posts?state=failed", *POSTS[1:], "/posts/115000000000004059"):
        text = page(filled, path).text
        assert HOSTILE not in text and "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &#34;quoted&#34;" in text
    assert "A black cat sits on a windowsill" in page(filled, "/posts?state=described").text


def test_the_overview_tells_what_is_going_on(filled: DashboardSite):
    text = page(filled, "/").text
    for words in (
        "demo@",
        "reachable",
        "1.2 min ago</time>",
        "<strong>90</strong> described",
        "<strong>60</strong> given up",
        "<strong>3</strong> drafts to decide",
        "post 115000000000002001",
        "cuda:1",
        "batches of 8",
        "90 descriptions in the last day",
    ):
        assert words in text, words
    part = page(filled, "/", **{"HX-Request": "true"}).text
    assert "<html" not in part and "<strong>90</strong> described" in part


def test_posts_are_filtered_and_paged(filled: DashboardSite):
    assert "1 to 25 of 188" in page(filled, "/posts").text
    text = page(filled, "/posts?state=left&page=2").text
    assert "26 to 30 of 30" in text and "/posts?state=left&amp;page=1" in text
    one = page(filled, "/posts?post=https://social.example/@demo/115000000000000007").text
    assert "1 to 1 of 1" in one
    assert page(filled, "/posts?state=%3Cb%3E").status_code == 404
    assert page(filled, "/posts/115?account=7").status_code == 404
    assert page(filled, "/posts/..%2f..%2fetc%2fpasswd").status_code == 404


def test_a_post_is_linked_to_where_it_is(filled: DashboardSite):
    status_id = "115000000000000007"
    server = filled.account.settings.instance_url
    assert f'"{server}/@demo/{status_id}"' in page(filled, f"/posts/{status_id}").text
    asking = Asking(
        status_id=status_id, asker="9", author="9", address="@x", below="1", is_open=True
    )
    filled.account.state.asked.ask(asking)
    assert f'"{server}/statuses/{status_id}"' in page(filled, f"/posts/{status_id}").text


def test_one_failure_is_tried_again(filled: DashboardSite):
    post = "115000000000004060"
    found = send(filled, f"/posts/{post}/retry", attachment=f"{post}1")
    assert (found.status_code, found.headers["Location"]) == (303, f"/posts/{post}?said=retried")
    after = page(filled, found.headers["Location"]).text
    assert "It will be tried again" in after and '<span class="state waiting">' in after
    again = send(filled, f"/posts/{post}/retry", attachment=f"{post}1")
    assert again.headers["Location"].endswith("said=nothing")
    kept = send(filled, "/posts/115000000000004059/retry", **{"from": "failures", "page": "2"})
    assert kept.headers["Location"] == "/failures?said=retried&page=2"


def test_all_failures_are_tried_again(filled: DashboardSite):
    assert send(filled, "/failures/retry").headers["Location"] == "/failures?said=retried-all"
    assert "Nothing was given up." in page(filled, "/failures").text
    assert filled.account.queue()["waiting"] == 67


def test_a_draft_is_approved_once_with_the_words_of_the_form(filled: DashboardSite):
    text = page(filled, "/drafts").text
    assert "A cat sits on a windowsill &amp; looks at the &lt;rain&gt;." in text
    found = send(filled, "/drafts/1/approve", **{"text-07": "A black cat.\r\nIt rains.  "})
    assert found.headers["Location"] == "/drafts?said=approved"
    draft = filled.account.state.drafts.get(1)
    assert (draft.state, dict(draft.texts)) == ("approved", {"07": "A black cat.\nIt rains."})
    again = send(filled, "/drafts/1/approve", **{"text-07": "Another"})
    assert again.status_code == 409 and "Draft 1 was approved before" in again.text
    assert filled.account.state.drafts.get(1).texts == {"07": "A black cat.\nIt rains."}


@pytest.mark.parametrize(
    ("path", "fields", "status", "words"),
    [
        ("/drafts/1/approve", {"text-07": "   "}, 400, "empty"),
        ("/drafts/1/approve", {"text-07": "x" * 1501}, 400, "up to 1500 characters"),
        ("/drafts/1/approve", {}, 400, "no text"),
        ("/drafts/1/approve", {"text-99": "x"}, 409, "no attachment 99"),
        ("/drafts/77/refuse", {}, 409, "no draft 77"),
        ("/drafts/1/approve", {"text-07": "x" * 300_000}, 413, "more than any form"),
        ("/drafts/x/approve", {}, 404, "no such page"),
        ("/failures/retry", {"account": "1"}, 404, "no such account"),
    ],
)
def test_what_can_not_be_done_is_said(
    filled: DashboardSite, path: str, fields: dict[str, str], status: int, words: str
):
    found = send(filled, path, **fields)
    assert found.status_code == status and words in found.text
    assert filled.account.state.drafts.get(1).state == "waiting"


def test_a_draft_is_refused(filled: DashboardSite):
    assert send(filled, "/drafts/2/refuse").headers["Location"] == "/drafts?said=refused"
    assert filled.account.state.drafts.get(2).state == "refused"
    assert send(filled, "/drafts/2/approve", **{"text-17": "x"}).status_code == 409


def test_what_is_asked_of_the_bot_waits_for_it(filled: DashboardSite):
    post = "115000000000000090"
    for kind, words in (("undo", "take the description back"), ("undo", "nothing to do")):
        found = send(filled, f"/posts/{post}/{kind}", attachment=f"{post}1")
        assert found.status_code == 303
        assert words in page(filled, found.headers["Location"]).text
    errands = filled.account.state.errands
    kept = errands.next()
    assert kept is not None and errands.waiting(post) == [kept.errand]
    errands.end(kept.number, "it was edited <since>")
    assert "was not done: it was edited &lt;since&gt;." in page(filled, f"/posts/{post}").text
    long = {"attachment": f"{post}1", "text": "x" * 1501}
    assert send(filled, f"/posts/{post}/rewrite", **long).status_code == 400
    assert send(filled, f"/posts/{post}/again", attachment="7").status_code == 409
    assert errands.next() is None


def test_editing_that_was_stopped_goes_on(filled: DashboardSite):
    filled.account.state.halt("the edit of post 5 changed more than <descriptions>")
    text = page(filled, "/").text
    assert "Nothing is edited any more." in text and "&lt;descriptions&gt;" in text
    assert page(filled, "/readyz").status_code == 503
    assert send(filled, "/editing/resume").headers["Location"] == "/?said=resumed"
    assert filled.account.halted is None
    assert page(filled, "/readyz").text == "ready\n"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {},
        {"Origin": "http://[", "Referer": "http://127.0.0.1/"},
    ],
)
def test_a_form_of_another_origin_does_nothing(filled: DashboardSite, headers: dict[str, str]):
    found = requests.post(f"{filled.url}/failures/retry", headers=headers, data={}, timeout=20)
    assert found.status_code == 403 and "nothing was done" in found.text
    assert filled.account.queue()["failed"] == 60


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8766", "", "127.0.0.1.evil.test"])
def test_a_name_of_another_site_is_shown_nothing(filled: DashboardSite, host: str):
    found = page(filled, "/", Host=host)
    assert found.status_code in (400, 421) and "demo@" not in found.text


@pytest.fixture
def closed(account: Account, tmp_path: Path) -> Iterator[DashboardSite]:
    with DashboardSite(account, tmp_path / "state", token=TOKEN, names=("alt.example",)) as site:
        yield site


def test_without_its_token_it_shows_and_does_nothing(closed: DashboardSite):
    closed.fill("failed", 3)
    for path in ("/", "/posts", "/failures", "/settings", "/metrics", "/thumbnail/1/1"):
        found = page(closed, path)
        assert found.status_code == 401 and "demo" not in found.text, path
    assert send(closed, "/failures/retry").status_code == 401
    assert closed.account.queue() == {"failed": 3}
    browser = page(closed, "/posts?page=2", Accept="text/html")
    assert browser.headers["Location"] == "/login?next=/posts"
    assert page(closed, "/healthz").text == "alive\n"
    assert page(closed, "/", Authorization=f"Bearer {TOKEN}x").status_code == 401
    assert page(closed, "/", Authorization=f"Basic {TOKEN}").status_code == 401


def test_who_has_the_token_logs_in_and_out(closed: DashboardSite):
    wrong = send(closed, "/login", token="a-token-of-somebody-else", next="/posts")
    assert wrong.status_code == 403 and "That is not the token." in wrong.text
    assert "Set-Cookie" not in wrong.headers
    found = send(closed, "/login", token=TOKEN, next="/posts")
    assert (found.status_code, found.headers["Location"]) == (303, "/posts")
    cookie = found.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and TOKEN not in cookie
    value = cookie.partition(";")[0]
    assert page(closed, "/posts", Cookie=value).status_code == 200
    assert page(closed, "/posts", Cookie=value[:-1] + "0").status_code == 401 or value[-1] == "0"
    assert page(closed, "/posts", Cookie=value, Host="alt.example").status_code == 200
    # A cookie alone is no origin.
    other = {"Origin": "https://evil.example", "Cookie": value}
    sent = requests.post(f"{closed.url}/failures/retry", headers=other, timeout=20)
    assert sent.status_code == 403
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    sent = requests.post(
        f"{closed.url}/failures/retry", headers=bearer, timeout=20, allow_redirects=False
    )
    assert sent.status_code == 303
    assert "Max-Age=0" in send_with(closed, "/logout", value).headers["Set-Cookie"]


def send_with(site: DashboardSite, path: str, cookie: str) -> requests.Response:
    headers = {"Origin": site.url, "Cookie": cookie}
    return requests.post(f"{site.url}{path}", headers=headers, timeout=20, allow_redirects=False)


def test_the_settings_hold_no_secret(closed: DashboardSite):
    text = page(closed, "/settings", Authorization=f"Bearer {TOKEN}").text
    assert "[dashboard]" in text and "***" in text
    assert TOKEN not in text and closed.account.settings.access_token not in text


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "x", "/a\r\nb", "\\\\e"]
)
def test_a_login_leads_to_no_other_site(wanted: str):
    assert own_path(wanted) == "/"


def test_files_are_ours_alone(dashboard: DashboardSite):
    assert page(dashboard, "/static/style.css").headers["Content-Type"].startswith("text/css")
    for name in ("..%2fapp.py", "htmx.LICENSE.txt", "nothing.svg"):
        assert page(dashboard, f"/static/{name}").status_code == 404
    assert page(dashboard, "/thumbnail/1/1").headers["Content-Type"] == "image/svg+xml"


def test_who_has_no_token_is_told_of_no_account(account: Account, tmp_path: Path):
    with DashboardSite(account, tmp_path / "state", token=TOKEN) as site:
        assert isinstance(site.site.watched, list)
        site.site.watched.append(site.watched)
        site.condition = replace(site.condition, starting=True)
        told = [page(site, path) for path in ("/static/none", "/static/a/b", "/login", "/readyz")]
        told.append(send(site, "/healthz"))
        assert [one.status_code for one in told] == [404, 404, 200, 503, 405]
        for one in told:
            assert "demo@" not in one.text and "Log out" not in one.text
        inside = page(site, "/static/none", Authorization=f"Bearer {TOKEN}").text
        assert "There is no such file." in inside
        inside = page(site, "/", Authorization=f"Bearer {TOKEN}").text
        assert "demo@" in inside and "Log out" in inside
