"""Members who connected themselves, described for by the roles of a cluster."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from member_site import MemberWebsite
from roles_in_threads import Cluster
from waiting import wait_for

from alternator.alt_text.prompts import prompt
from alternator.config.database import DatabaseSettings
from alternator.config.load import ClusterConfig
from alternator.errors import ConfigError
from alternator.roles import desks
from alternator.roles.account_config import AccountConfigs
from alternator.store.cluster import Enrolled
from sandbox.server import SandboxServer

MakeSite = Callable[..., MemberWebsite]


@pytest.fixture
def make_site(
    cluster: Cluster, server: SandboxServer, database: DatabaseSettings
) -> Iterator[MakeSite]:
    """The pages of members, whom the cluster's roles are to describe for."""
    with ExitStack() as stack:

        def make(**wanted: Any) -> MemberWebsite:
            site = stack.enter_context(MemberWebsite(server, database, **wanted))
            cluster.signup = site.signup
            return site

        yield make


def test_a_member_is_described_for_as_chosen(
    cluster: Cluster, make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(desks, "KNOWN_SECONDS", 0.0)
    site = make_site()
    cluster.bot()
    cluster.worker()
    visit = site.visit()
    visit.join("demo")
    wait_for(lambda: cluster.server.open_streams() == 1, 30, "the member's stream")
    first = cluster.server.post("Look", files=[cluster.picture])["id"]
    cluster.described(first)
    wait_for(lambda: "well</span> Your new posts are watched" in visit.get("/me").text)
    visit.send("/me/choices", language="de", **{"visibility-public": "on"})
    second = cluster.server.post("Look at this, too", files=[cluster.picture])["id"]
    cluster.described(second)
    [text] = cluster.server.descriptions(second)
    assert text is not None and text.endswith(prompt("described", "de", model="pixels"))
    wait_for(lambda: cluster.states() == ["described"] * 2)
    page = visit.get("/me").text
    assert "<strong>2</strong> described" in page and "1 to 2 of 2" in page


def test_who_is_over_the_hour_s_number_waits(cluster: Cluster, make_site: MakeSite):
    site = make_site(posts_an_hour=1)
    cluster.bot()
    cluster.worker()
    visit = site.visit()
    visit.join("demo")
    wait_for(lambda: cluster.server.open_streams() == 1, 30, "the member's stream")
    first = cluster.server.post("Look", files=[cluster.picture])["id"]
    cluster.described(first)
    # Two that are at work at the same moment both had room.
    wait_for(lambda: site.query("SELECT count(*) FROM spent") == [(1,)], what="the account of it")
    cluster.server.post("Look again", files=[cluster.picture])
    wait_for(lambda: "waiting" in cluster.states(), what="the second post")
    text = visit.get("/me").text
    assert "The one post of this hour is edited. The next one waits for" in text


def test_nothing_is_begun_for_who_paused_and_it_is_made_up_for(
    cluster: Cluster, make_site: MakeSite
):
    site = make_site()
    cluster.bot()
    cluster.worker()
    visit = site.visit()
    visit.join("demo")
    wait_for(lambda: cluster.server.open_streams() == 1, 30, "the member's stream")
    visit.send("/me/pause")
    wait_for(lambda: cluster.server.open_streams() == 0, 30, "the stream's end")
    post = cluster.server.post("Look", files=[cluster.picture])["id"]
    assert cluster.server.descriptions(post) == [None]
    visit.send("/me/resume")
    cluster.described(post, 40)


def test_who_leaves_while_posts_are_at_work_leaves_nothing(cluster: Cluster, make_site: MakeSite):
    site = make_site()
    cluster.bot()
    cluster.worker()
    visit = site.visit()
    visit.join("demo")
    [entry] = site.members
    [token] = site.granted
    wait_for(lambda: cluster.server.open_streams() == 1, 30, "the member's stream")
    posts = [cluster.server.post(f"Post {n}", files=[cluster.picture])["id"] for n in range(8)]
    cluster.described(posts[0])
    assert visit.send("/me/leave", sure="yes").headers["Location"] == "/join/left"
    assert site.members == [] and site.granted == []
    wait_for(lambda: cluster.server.open_streams() == 0, 30, "the stream's end")
    # Whoever was at work for it is done, and has written down nothing more.
    wait_for(
        lambda: site.query("SELECT count(*) FROM procrastinate_jobs") == [(0,)], 30, "the jobs"
    )
    dump = site.dump()
    for what in (token, entry.handle, entry.key, *posts):
        assert what not in dump, what
    assert site.query("SELECT count(*) FROM account") == [(0,)]


def test_a_key_that_is_not_there_stops_that_member_alone(
    cluster: Cluster, make_site: MakeSite, caplog: pytest.LogCaptureFixture
):
    site = make_site()
    site.visit().join("demo")
    [demo] = site.members
    site.visit().join("neighbour")
    site.cluster.enrolment.reseal(demo.key, demo.token, b"of another key")
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1, 30, "the other's stream")
    wait_for(lambda: f"opens what is kept of {demo.handle}" in caplog.text, what="the log")


def test_an_account_that_this_process_does_not_know_is_said(cluster: Cluster):
    config = cluster.of()
    configs = AccountConfigs(config)
    found = configs.of(Enrolled(key="config:account", source="config", server="x"))
    assert found == config.accounts[0]
    with pytest.raises(ConfigError, match="is not in this process's file"):
        configs.of(Enrolled(key="config:other", source="config", server="x"))
    nobody = AccountConfigs(ClusterConfig(base=config.base, accounts=()))
    with pytest.raises(ConfigError, match=r"\[signup\] key is not set"):
        nobody.of(Enrolled(key="member:1", source="member", server="x", token=b"x"))
