"""Traces of real posts of a bot that is alone, sent to a collector; of a cluster's:
``tests/alternator/roles/test_monitoring.py``."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trace_collector import Collector, collector
from waiting import wait_for

from alternator.bot import traces
from alternator.bot.backfill_cli import Plan, alone, beside
from alternator.bot.traces import tracing_to
from alternator.config.tracing import TracingSettings
from alternator.errors import ConfigError
from alternator.stopping import Stop
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


def traced(make_bot: MakeBot, there: Collector, **sections: Any) -> Any:
    bot = make_bot(**sections)
    bot.config = replace(bot.config, tracing=TracingSettings(endpoint=there.url))
    return bot


def test_a_post_that_the_stream_tells_of_is_one_trace(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    with collector() as there:
        bot = traced(make_bot, there, mastodon={"backfill_count": 0}).start()
        wait_for(server.open_streams, 120)
        server.fail("/api/v1/accounts/*/statuses", status=200, body=[], times=None)  # no look
        post = server.post("A text of mine", files=[picture])["id"]
        server.wait_until_described(post, seconds=120)
        wait_for(lambda: [row[0] for row in bot.rows()] == ["described"], 60)
        bot.end()
        (found,) = there.spans("found")
        assert {span.name for span in there.spans()} == {
            "found",
            "describe",
            "prepare",
            "vision",
            "edit",
        }
        assert len({span.trace for span in there.spans()}) == 1
    assert (found.service, found.facts["way"]) == ("alternator-run", "stream")
    assert (found.facts["post"], found.facts["backfill"]) == (post, False)
    assert found.ended - found.began < 60
    assert b"A text of mine" not in b"".join(there.bodies)


def test_a_post_that_a_look_finds_has_its_beginning_too(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    """Once, however often it is seen; what is transcribed in a thread of its own belongs to it."""
    old = server.post("Long ago", files=[clip])["id"]
    store = server.sandbox.store
    status = store.statuses[old]
    store.keep(replace(status, created_at=status.created_at - 7200.0))
    with collector() as there:
        bot = traced(make_bot, there, mastodon={"user_stream": False})
        for _ in range(2):
            bot.once()
        (found,) = there.spans("found")
        assert {span.name for span in there.spans() if span.trace == found.trace} == {
            "found",
            "describe",
            "prepare",
            "edit",
        }
    assert (found.facts["way"], found.facts["backfill"]) == ("look", True)
    assert found.ended - found.began < 60  # not since long ago


@pytest.mark.parametrize("way", [alone, beside])
def test_old_posts_that_a_backfill_finds_have_their_beginning(
    server: SandboxServer, make_bot: MakeBot, picture: Path, way: Callable[..., int]
):
    """Whether it is the bot itself or records for one that is running."""
    old = server.post("Long ago", files=[picture])["id"]
    with collector() as there:
        bot = traced(make_bot, there, mastodon={"backfill_count": 0, "user_stream": False})
        tracing = bot.config.tracing
        if way is beside:
            bot.config = replace(bot.config, tracing=TracingSettings())
            bot.start()
            wait_for(lambda: server.requests(path="/api/v1/accounts/*/statuses"))
        with tracing_to(tracing if way is beside else TracingSettings(), "backfill"):
            config = replace(bot.config, whisper=replace(bot.config.whisper, enabled=False))
            assert way(config, Plan(since=None, count=1), Stop(bot.clock)) == 0
        bot.end()
        (found,) = there.spans("found")
        assert len({span.trace for span in there.spans()}) == 1
    assert (found.facts["way"], found.facts["backfill"]) == ("backfill", True)
    assert found.facts["post"] == old
    assert found.service == ("alternator-backfill" if way is beside else "alternator-run")


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(traces, "PACKAGES", ("a_package_that_is_not_there.at_all",))
    settings = TracingSettings(endpoint="http://127.0.0.1:1/v1/traces")
    with pytest.raises(ConfigError, match="tracing"), tracing_to(settings, "bot"):
        pass


def test_without_an_endpoint_nothing_is_needed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(traces, "PACKAGES", ("a_package_that_is_not_there.at_all",))
    with tracing_to(TracingSettings(), "bot"):
        pass
