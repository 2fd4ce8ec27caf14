"""The operator's pages of a cluster over HTTP."""

import re
from collections.abc import Callable

import pytest
from member_site import MemberWebsite

from alternator.config.conduct import PaceSettings
from alternator.config.settings import Config, MastodonSettings
from alternator.errors import TemporaryStateError
from alternator.store.cluster import Enrolled, Process
from alternator.store.edit_history import Writing
from alternator.store.outcomes import Found

MakeSite = Callable[..., MemberWebsite]
POST = "115440007000000001"
PAGES = ("/", "/accounts", "/jobs")


def enrolled(site: MemberWebsite, number: int, source: str = "member") -> int:
    """An account that is enrolled and was signed in; the number of its row."""
    key = f"{source}:{number:04d}"
    state = site.store.use_account(site.server.url, f"77{number}")
    site.cluster.enrolment.enrol(
        Enrolled(key=key, source=source, server=site.server.url)  # type: ignore[arg-type]
    )
    site.cluster.enrolment.bind(key, state.key, f"user{number:04d}@here")
    return state.key


def described(site: MemberWebsite, account: int) -> None:
    """A post of an account with something of ours in it."""
    state = site.store.of_account(account)
    state.record([Found(status_id=POST, attachment_ids=("1",), backfill=False)])
    writing = Writing(attachment_id="1", kind="image", before=None, text="A black cat.")
    state.history.sending(POST, [writing])
    state.history.written(POST, ["1"], edited_at=None)


def test_who_does_not_know_the_token_sees_none_of_it(site: MemberWebsite):
    account = enrolled(site, 1)
    for path in (*PAGES, "/metrics", f"/posts?account={account}", "/settings"):
        assert site.visit().get(path).status_code == 401, path
    for path in ("/accounts/pause", "/jobs/1/retry", f"/posts/{POST}/retry"):
        assert site.visit().send(path, key="member:0001", held="yes").status_code == 401, path
    # A member's session opens nothing of the operator's.
    visit = site.visit()
    visit.join()
    assert all(visit.get(path).status_code == 401 for path in PAGES)


def test_members_need_no_token_of_the_dashboard_and_see_none_of_its_pages(site: MemberWebsite):
    for path in ("/join", "/join/left"):
        found = site.visit().get(path)
        assert found.status_code == 200
        assert "Dead jobs" not in found.text and "user0001" not in found.text
    missing = site.visit().get("/me/nowhere")
    assert missing.status_code == 404 and "Dead jobs" not in missing.text
    assert site.visit().get("/join-us").status_code == 401


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_brings_nothing_of_others(site: MemberWebsite, path: str):
    enrolled(site, 1)
    found = site.operator().get(path)
    assert found.status_code == 200 and found.text.rstrip().endswith("</html>")
    assert not re.search(r"<script(?! src=)|style=|\son\w+=", found.text)


def test_the_front_tells_who_is_there(site: MemberWebsite):
    enrolled(site, 1)
    enrolled(site, 2)
    enrolled(site, 3, "config")
    site.cluster.enrolment.pause("member:0002", True)
    site.cluster.processes.come(
        Process(id="p", role="bot", host="machine-7", pid=4711, version="9.9")
    )
    site.cluster.enrolment.lease("p", watchers=2, seconds=30)
    text = site.operator().get("/").text
    for words in (
        "<strong>2</strong> members",
        "<strong>1</strong> of the configuration",
        "<strong>1</strong> paused",
        "<strong>1</strong> watched by nobody",
        "machine-7",
        "4711",
        "speech",
        "vision",
    ):
        assert words in text, words


def test_accounts_are_found_by_a_part_of_their_names_a_page_at_a_time(site: MemberWebsite):
    for number in range(60):
        enrolled(site, number, "config" if number < 3 else "member")
    operator = site.operator()
    first = operator.get("/accounts").text
    assert "1 to 25 of 60" in first and "user0000@here" in first and "user0025" not in first
    assert "51 to 60 of 60" in operator.get("/accounts?page=3").text
    found = operator.get("/accounts?name=USER000&source=config").text
    assert "1 to 3 of 3" in found and "user0003" not in found
    assert "There is no such account." in operator.get("/accounts?name=nobody").text
    assert operator.get("/accounts?source=x").status_code == 404


def test_an_account_has_the_dashboard_s_pages(site: MemberWebsite):
    account, other = enrolled(site, 1), enrolled(site, 2)
    described(site, account)
    operator = site.operator()
    overview = operator.get(f"/?account={account}").text
    assert "<h1>user0001@here</h1>" in overview and "Watched by" in overview
    assert "This machine" not in overview  # where nothing is computed for it
    assert "A black cat." in operator.get(f"/posts?account={account}").text
    assert "A black cat." not in operator.get(f"/posts?account={other}").text
    post = operator.get(f"/posts/{POST}?account={account}").text
    assert f'href="{site.server.url}/@user0001/{POST}"' in post
    asked = operator.send(f"/posts/{POST}/undo", account=str(account), attachment="1")
    assert asked.headers["Location"] == f"/posts/{POST}?account={account}&said=asked-undo"
    assert site.operator().get("/posts").status_code == 404  # of no account
    assert operator.get("/?account=99999").status_code == 404


def test_the_settings_are_those_in_effect_for_the_account(make_site: MakeSite):
    named = Config(
        mastodon=MastodonSettings(
            instance_url="https://home.example", access_token="a-token-of-home"
        ),
        pace=PaceSettings(edits_per_hour=77),
        account="home",
    )
    site = make_site(configured=(named,), posts_an_hour=5)
    home = enrolled(site, 0, "config")
    site.query("UPDATE watched SET key = 'config:home'")
    member = enrolled(site, 1)
    found = site.operator().get(f"/settings?account={home}").text
    assert "https://home.example" in found and "<code>77</code>" in found
    assert "a-token-of-home" not in found
    found = site.operator().get(f"/settings?account={member}").text
    assert site.server.url in found and "<code>5</code>" in found and site.key not in found


def test_the_operator_pauses_an_account_and_lets_it_go_on(site: MemberWebsite):
    enrolled(site, 1)
    operator = site.operator()
    for held, said in (("yes", "paused"), ("no", "resumed")):
        found = operator.send("/accounts/pause", key="member:0001", held=held)
        assert found.headers["Location"] == f"/accounts?said=account-{said}"
        entry = site.cluster.enrolment.get("member:0001")
        assert entry is not None and entry.paused is (held == "yes")
    assert operator.send("/accounts/pause", key="member:x", held="yes").status_code == 404


def test_dead_jobs_are_listed_and_tried_again(site: MemberWebsite):
    account = enrolled(site, 1)
    described(site, account)
    # What a worker does with a job that it could not end.
    ((job,),) = site.query(
        "UPDATE procrastinate_jobs SET status = 'failed', attempts = 3 RETURNING id"
    )
    operator = site.operator()
    text = operator.get("/jobs").text
    assert f'href="/posts/{POST}?account={account}"' in text and "user0001@here" in text
    assert "after 3 attempts" in text
    assert "<strong>1</strong> dead job" in operator.get("/").text
    again = operator.send(f"/jobs/{job}/retry")
    assert again.headers["Location"] == "/jobs?said=job-retried"
    assert "There is none." in operator.get("/jobs?said=job-retried").text
    assert operator.send(f"/jobs/{job}/retry").headers["Location"] == "/jobs?said=no-job"


def test_a_dead_job_of_an_account_that_left_is_shown(site: MemberWebsite):
    account = enrolled(site, 1)
    described(site, account)
    site.query("UPDATE procrastinate_jobs SET status = 'failed'")
    site.cluster.enrolment.withdraw("member:0001")
    assert "an account that left" in site.operator().get("/jobs").text


def test_machines_are_told(site: MemberWebsite, monkeypatch: pytest.MonkeyPatch):
    described(site, enrolled(site, 1))
    for path, text in (("/healthz", "alive\n"), ("/readyz", "ready\n")):
        found = site.visit().get(path)
        assert (found.status_code, found.text) == (200, text)
    text = site.operator().get("/metrics").text
    for line in (
        'alternator_enrolled_accounts{source="member"} 1.0',
        'alternator_accounts_not_watched{why="no_bot"} 1.0',
        'alternator_queue_jobs{queue="vision",state="ready"} 1.0',
        "alternator_dead_jobs 0.0",
    ):
        assert line in text, line

    def gone(**_: object) -> None:
        raise TemporaryStateError("postgresql://me:secret@db can't be reached")

    monkeypatch.setattr(site.cluster.processes, "seen", gone)
    assert site.visit().get("/healthz").status_code == 200
    found = site.visit().get("/readyz")
    assert found.status_code == 503 and "secret" not in found.text
    front = site.operator().get("/")
    assert front.status_code == 503


def test_names_that_are_not_its_own_are_refused(site: MemberWebsite):
    """Another site's name may be led to this address, and would be this page's origin then."""
    for path in ("/join", "/me", "/"):
        assert site.visit().get(path, Host="evil.example").status_code == 421


def test_without_members_there_are_no_pages_for_them(make_site: MakeSite):
    site = make_site(closed=True)
    assert site.visit().get("/join").status_code == 404
    assert site.operator().get("/accounts").status_code == 200
