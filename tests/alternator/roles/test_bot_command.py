"""``alternator bot`` against the sandbox and a database."""

import logging
import random
from pathlib import Path

import pytest
from roles_in_threads import Cluster
from waiting import wait_for

from alternator.errors import ConfigError
from alternator.roles import bot_command
from alternator.roles.bot_command import main


def holders(cluster: Cluster) -> dict[str, object]:
    return {
        str(key): holder
        for key, holder in cluster.execute(
            "SELECT key, CASE WHEN until > alternator_now() THEN holder END FROM watched"
        )
    }


def test_a_post_that_the_stream_tells_of_is_work(cluster: Cluster):
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    post = cluster.server.post("Look", files=[cluster.picture])
    wait_for(lambda: cluster.states() == ["waiting"])
    [(lock, queue)] = cluster.execute("SELECT lock, queue_name FROM procrastinate_jobs")
    assert str(lock).endswith(f":{post['id']}") and queue == "vision"


def test_what_was_posted_before_it_came_is_found(cluster: Cluster):
    cluster.server.post("Look", files=[cluster.picture])
    cluster.bot()
    wait_for(lambda: cluster.states() == ["waiting"])


def test_it_says_who_it_is_and_goes_without_a_trace(cluster: Cluster):
    bot = cluster.bot()
    wait_for(
        lambda: cluster.execute(
            "SELECT 1 FROM process WHERE role = 'bot' AND (facts ->> 'streams')::int = 1"
        )
    )
    [(handle,)] = cluster.execute("SELECT handle FROM watched")
    assert str(handle).startswith("demo@")
    bot.end()
    assert cluster.execute("SELECT count(*) FROM process") == [(0,)]
    assert holders(cluster) == {"config:account": None}
    assert cluster.server.open_streams() == 0


def test_two_share_the_accounts_and_one_takes_over(cluster: Cluster, another: str):
    configs = [cluster.named("demo", cluster.server.token), cluster.named("other", another)]
    first = cluster.bot(*configs)
    wait_for(lambda: len(set(filter(None, holders(cluster).values()))) == 1)
    second = cluster.bot(*configs)
    wait_for(lambda: len(set(filter(None, holders(cluster).values()))) == 2)
    first.end()
    wait_for(
        lambda: len(set(holders(cluster).values())) == 1 and None not in holders(cluster).values()
    )
    wait_for(lambda: cluster.server.open_streams() == 2)
    cluster.server.post("Look", files=[cluster.picture])
    cluster.server.post("Look", files=[cluster.picture], token=another)
    wait_for(lambda: cluster.states() == ["waiting", "waiting"])
    second.end()


def test_one_that_died_is_followed_by_another(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(bot_command, "LEASE_SECONDS", 1.0)
    cluster.execute(
        "INSERT INTO watched (key, source, server, handle, created, holder, until) VALUES "
        f"('config:account', 'config', '{cluster.server.url}', '', 0, 'the dead', "
        "alternator_now() + 1)"
    )
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)
    assert holders(cluster)["config:account"] != "the dead"


def test_an_account_that_is_not_configured_any_more_is_watched_no_more(
    cluster: Cluster, another: str
):
    cluster.bot(cluster.named("demo", cluster.server.token), cluster.named("other", another)).end()
    assert set(holders(cluster)) == {"config:demo", "config:other"}
    cluster.bot(cluster.named("demo", cluster.server.token))
    wait_for(lambda: cluster.server.open_streams() == 1)
    assert set(holders(cluster)) == {"config:demo"}


def test_a_refused_token_is_said_once_and_keeps_nobody_else(
    cluster: Cluster, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO)
    cluster.bot(
        cluster.named("wrong", "a-token-that-is-wrong"),
        cluster.named("demo", cluster.server.token),
    )
    wait_for(lambda: cluster.server.open_streams() == 1)
    cluster.server.post("Look", files=[cluster.picture])
    wait_for(lambda: cluster.states() == ["waiting"])
    refused = [r for r in caplog.records if "token" in r.getMessage() and r.levelno > 20]
    assert len(refused) == 1
    assert "a-token-that-is-wrong" not in caplog.text


def test_a_server_that_is_away_is_asked_again(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(random, "uniform", lambda low, high: 0.1)
    cluster.server.fail("/api/v2/instance", status=503, times=3)
    cluster.bot()
    wait_for(lambda: cluster.server.open_streams() == 1)


def test_without_a_stream_it_looks_regularly(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("alternator.roles.account_watch.POLL_WITHOUT_STREAM_SECONDS", 0.2)
    monkeypatch.setattr("alternator.roles.account_watch.CHORES_SECONDS", 0.2)
    cluster.server.set_streaming(False)
    cluster.bot()
    wait_for(lambda: cluster.execute("SELECT 1 FROM watched WHERE account IS NOT NULL"))
    cluster.server.post("Look", files=[cluster.picture])
    wait_for(lambda: cluster.states() == ["waiting"])


def test_without_a_database_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALTERNATOR_MASTODON_INSTANCE_URL", "https://social.example")
    monkeypatch.setenv("ALTERNATOR_MASTODON_ACCESS_TOKEN", "sandbox")
    with pytest.raises(ConfigError, match=r"\[database\] url"):
        main([])
