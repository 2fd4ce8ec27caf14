import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from sandbox.control.faults import FaultFields
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

MakeBot = Callable[..., Any]


def test_a_new_post_is_described_through_the_stream(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    make_bot(mastodon={"poll_interval_seconds": 3600}).start()
    wait_for(server.open_streams)
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"], seconds=10)
    assert len(server.requests(method="PUT")) == 1


def test_own_edits_do_not_loop(server: SandboxServer, make_bot: MakeBot, picture: Path):
    make_bot().start()
    wait_for(server.open_streams)
    first = server.post("Look", files=[picture])
    server.wait_until_described(first["id"])
    second = server.post("Look again", files=[picture])
    server.wait_until_described(second["id"])
    # By now the stream has brought the bot's own edit of the first post.
    assert len(server.requests(method="PUT")) == 2
    assert len(server.requests(method="GET", path=f"/api/v1/statuses/{first['id']}")) == 2


def test_media_that_an_edit_added_to_an_old_post_are_described(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Soon with a picture")
    # Posts before the first start are out of scope for polling, but not for the stream.
    make_bot(mastodon={"backfill_count": 0}).start()
    wait_for(server.open_streams)
    media_id = server.upload(picture)
    server.edit(status["id"], status="Now with a picture", media_ids=[media_id])
    server.wait_until_described(status["id"])


def test_a_post_made_while_the_stream_is_down_is_not_missed(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    make_bot(mastodon={"poll_interval_seconds": 3600}).start()
    wait_for(server.open_streams)
    server.fail("/api/v1/streaming/*", status=503, times=1)
    assert server.drop_streams() == 1
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"], seconds=20)
    wait_for(server.open_streams)
    later = server.post("Look again", files=[picture])
    server.wait_until_described(later["id"], seconds=10)


def test_without_streaming_polling_serves_alone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    server.set_streaming(False)
    make_bot(mastodon={"poll_interval_seconds": 15}).start()
    wait_for(lambda: server.requests(path="/api/v1/accounts/*/statuses"))
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"], seconds=15)


def test_the_stream_can_be_turned_off(server: SandboxServer, make_bot: MakeBot, picture: Path):
    make_bot(mastodon={"poll_interval_seconds": 15, "user_stream": False}).start()
    wait_for(lambda: server.requests(path="/api/v1/accounts/*/statuses"))
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"], seconds=15)
    assert server.requests(path="/api/v1/streaming/*") == []


def test_new_posts_go_before_backfill(server: SandboxServer, make_bot: MakeBot, clip: Path):
    old = [server.post(f"Old {number}", files=[clip])["id"] for number in range(3)]
    bot = make_bot()
    bot.transcriber.gate.clear()
    bot.start()
    assert bot.transcriber.reached.wait(10)
    wait_for(server.open_streams)
    new = server.post("New", files=[clip])["id"]
    wait_for(lambda: len(bot.rows()) == 4)
    bot.transcriber.gate.set()
    wait_for(lambda: len(server.requests(method="PUT")) == 4)
    edited = [request["path"].rpartition("/")[2] for request in server.requests(method="PUT")]
    assert edited == [old[2], new, old[1], old[0]]


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}, {"status": 429, "times": 1}])
def test_an_outage_ends_neither_the_bot_nor_its_work(
    server: SandboxServer, make_bot: MakeBot, picture: Path, fault: FaultFields
):
    bot = make_bot(mastodon={"poll_interval_seconds": 15})
    bot.start()
    wait_for(server.open_streams)
    reset = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))
    # More often than one request is tried again.
    usual: FaultFields = {"headers": {"X-RateLimit-Reset": reset}, "times": 6}
    server.fail("/api/v1/statuses/*", **usual | fault)
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"], seconds=60)
    wait_for(lambda: bot.rows() == [("described", "", 1)])
    assert len(server.sandbox.store.status(status["id"]).revisions) == 2


def test_an_outage_costs_no_second_transcription(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    bot = make_bot(mastodon={"poll_interval_seconds": 15}).start()
    wait_for(server.open_streams)
    bot.transcriber.gate.clear()
    status = server.post("Listen", files=[clip])
    assert bot.transcriber.reached.wait(10)
    server.fail("/api/v1/statuses/*", status=500, times=5)
    bot.transcriber.gate.set()
    server.wait_until_described(status["id"], seconds=60)
    assert len(bot.transcriber.heard) == 1


def test_a_bot_that_is_stopped_in_its_work_takes_it_up_again(
    server: SandboxServer, make_bot: MakeBot, clip: Path
):
    status = server.post("Listen", files=[clip])
    bot = make_bot()
    bot.transcriber.gate.clear()
    bot.start()
    assert bot.transcriber.reached.wait(10)
    started = time.monotonic()
    bot.end()
    assert time.monotonic() - started < 5
    # Given back, and not counted as an attempt.
    assert bot.rows() == [("waiting", "", 0)]
    assert server.requests(method="PUT") == []
    bot.transcriber.gate.set()
    bot.start()
    wait_for(lambda: bot.rows() == [("described", "", 1)])
    assert "Hello" in str(server.descriptions(status["id"])[0])


def test_a_post_made_while_the_bot_was_away_is_described(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot()
    bot.start()
    wait_for(server.open_streams)
    bot.end()
    status = server.post("Look", files=[picture])
    bot.start()
    server.wait_until_described(status["id"])
    bot.end()


def test_a_picture_that_fails_is_tried_again(
    server: SandboxServer, vision: VisionServer, make_bot: MakeBot, picture: Path
):
    vision.fail(status=400, times=2)  # both models
    status = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    ((state, reason, attempts),) = bot.rows()
    assert (state, attempts) == ("waiting", 1)
    assert "refused the request for pixels (HTTP 400)" in reason
    assert server.descriptions(status["id"]) == [None]


def test_files_that_are_still_processed_are_waited_for(
    server: SandboxServer, make_bot: MakeBot, clip: Path, monkeypatch: pytest.MonkeyPatch
):
    status = server.post("Listen", files=[clip])
    bot = make_bot()
    monkeypatch.setattr("alternator.bot.describe.PROCESSING_RETRY_SECONDS", 0.5)
    serialize = type(server).status
    body = serialize(server, status["id"])
    body["media_attachments"][0]["url"] = None
    server.fail(f"/api/v1/statuses/{status['id']}", method="GET", status=200, body=body, times=2)
    bot.once()
    assert "Hello from the recording." in str(server.descriptions(status["id"])[0])
    # Waiting is no failed attempt.
    assert bot.rows() == [("described", "", 1)]


def test_a_file_that_is_never_processed_does_not_keep_the_others(
    server: SandboxServer, make_bot: MakeBot, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alternator.bot.work.PROCESSING_SECONDS", 0.0)
    status = server.post("Look", files=[picture, picture])
    body = server.status(status["id"])
    body["media_attachments"][0]["url"] = None
    server.fail(f"/api/v1/statuses/{status['id']}", method="GET", status=200, body=body)
    bot = make_bot()
    bot.once()
    first, second = server.descriptions(status["id"])
    assert first is None
    assert "320 by 200" in str(second)
    assert bot.rows()[0] == ("waiting", "the server is still processing it", 1)


def test_a_post_that_the_server_fails_for_is_tried_less_and_less(
    server: SandboxServer, make_bot: MakeBot, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alternator.store.outcomes.PUT_BACK_SECONDS", (0.1, 0.1, 36_000.0))
    status = server.post("Look", files=[picture])
    path = f"/api/v1/statuses/{status['id']}"
    server.fail(path, method="PUT", status=500, times=None)
    bot = make_bot().start()
    wait_for(lambda: len(server.requests(method="PUT", path=path)) == 3)
    wait_for(lambda: bot.rows() == [("waiting", "", 0)])
    # The next one is ten hours off, and others have their turn meanwhile.
    other = server.post("Look again", files=[picture])
    server.wait_until_described(other["id"])
    assert len(server.requests(method="PUT", path=path)) == 3


def test_after_an_outage_nothing_waits_any_longer(
    server: SandboxServer, make_bot: MakeBot, clip: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alternator.store.outcomes.PUT_BACK_SECONDS", (36_000.0,))
    bot = make_bot(mastodon={"poll_interval_seconds": 15}).start()
    wait_for(server.open_streams)
    bot.transcriber.gate.clear()
    status = server.post("Listen", files=[clip])
    assert bot.transcriber.reached.wait(10)
    server.fail("/api/v1/accounts/*", status=503, times=None)

    def looks() -> int:
        return len(server.requests(path="/api/v1/accounts/*"))

    server.fail("/api/v1/statuses/*", status=503, times=None)
    bot.transcriber.gate.set()
    wait_for(lambda: bot.rows() == [("waiting", "", 0)])
    before = looks()
    wait_for(lambda: looks() > before + 4)  # the polling has given up on one look at least
    server.sandbox.faults.clear()
    server.wait_until_described(status["id"], seconds=60)


def test_two_bots_do_not_share_a_memory(make_bot: MakeBot, server: SandboxServer):
    make_bot().start()
    wait_for(server.open_streams)
    second = make_bot()
    with pytest.raises(Exception, match="another bot is at work in"):
        second.once()


def test_no_thread_is_left_at_work_on_a_closed_memory(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    complaints: list[Any] = []
    before, threading.excepthook = threading.excepthook, complaints.append
    try:
        bot = make_bot(mastodon={"poll_interval_seconds": 15}).start()
        wait_for(server.open_streams)
        bot.end()
        server.post("Look", files=[picture])
        server.drop_streams()
        wait_for(lambda: not {"poll", "stream"} & {t.name for t in threading.enumerate()})
    finally:
        threading.excepthook = before
    assert complaints == []
