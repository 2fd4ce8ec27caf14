import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fast_clock import FastClock
from waiting import wait_for

from alternator.accounts.account import Account
from alternator.clock import SYSTEM_CLOCK
from alternator.progress import SILENT
from alternator.store.opening import opened
from sandbox.control.faults import FaultFields
from sandbox.dialects import Streaming
from sandbox.server import SandboxServer
from sandbox.settings import Settings
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
    # A picture on its own: the endpoint may refuse all of them, so no attempt is charged.
    assert (state, attempts) == ("waiting", 0)
    assert "refuses the request for pixels (HTTP 400" in reason
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
        wait_for(lambda: "stream" not in {t.name for t in threading.enumerate()})
    finally:
        threading.excepthook = before
    assert complaints == []


@pytest.mark.parametrize("way", ["sse", "websocket"])
def test_a_new_post_is_at_work_within_a_second_of_its_event(
    make_bot: MakeBot, vision: VisionServer, picture: Path, way: Streaming
):
    """In the machine's own time, from the post to the first request about it."""
    with SandboxServer(settings=Settings(streaming=way)) as server:
        bot = make_bot(mastodon={"poll_interval_seconds": 3600, "instance_url": server.url})
        bot.clock = SYSTEM_CLOCK
        bot.start()
        wait_for(server.open_streams)
        for _ in range(5):
            posted = time.time()
            status = server.post("Look", files=[picture])
            path = f"/api/v1/statuses/{status['id']}"
            asked = wait_for(partial(server.requests, path=path), every_s=0.001)
            assert asked[0]["at"] - posted < 1.0
            server.wait_until_described(status["id"])
        # One at the start and one for the connection: it is events that told.
        looks = server.requests(path="/api/v1/accounts/*/statuses")
        assert sum("max_id" not in r["query"] and "min_id" not in r["query"] for r in looks) <= 2


def test_a_server_with_websockets_alone_is_followed(make_bot: MakeBot, picture: Path):
    with SandboxServer(settings=Settings(streaming="websocket")) as server:
        bot = make_bot(mastodon={"poll_interval_seconds": 3600, "instance_url": server.url})
        bot.start()
        wait_for(server.open_streams)
        for _ in range(2):
            status = server.post("Look", files=[picture])
            server.wait_until_described(status["id"])
            assert server.drop_streams() == 1
            # Made while nothing is heard: found by the look after the next connection.
            missed = server.post("Look again", files=[picture])
            server.wait_until_described(missed["id"])
            wait_for(server.open_streams)
        wait_for(lambda: bot.rows() == [("described", "", 1)] * 4)


def test_a_stream_that_tells_of_nothing_is_left_for_another(
    server: SandboxServer, make_bot: MakeBot, picture: Path, caplog: pytest.LogCaptureFixture
):
    server.deafen_streams("sse")
    server.sandbox.hub.heartbeat_seconds = 0.05
    make_bot(mastodon={"poll_interval_seconds": 15}).start()
    wait_for(server.open_streams)
    wait_for(lambda: len(server.requests(path="/api/v1/accounts/*/statuses")) > 2)
    status = server.post("Look", files=[picture])
    server.wait_until_described(status["id"])
    wait_for(lambda: server.requests(path="/api/v1/streaming"))
    assert "server-sent events: no word of new posts" in caplog.text


@pytest.mark.parametrize(
    ("method", "status"), [("PUT", 500), ("PUT", 422), ("GET", 500), ("GET", 403), ("PUT", 403)]
)
def test_a_post_that_the_server_fails_for_holds_up_no_other(
    server: SandboxServer, make_bot: MakeBot, picture: Path, method: str, status: int
):
    posts = [server.post(f"Look {number}", files=[picture])["id"] for number in range(6)]
    bad = posts[-1]  # it is the first in turn
    server.fail(f"/api/v1/statuses/{bad}*", method=method, status=status, times=None)
    bot = make_bot()
    # Slower than it would be held up: what pauses for a minute is seen.
    bot.clock = FastClock(speed=2.0)
    bot.start()
    started = time.monotonic()
    for key in posts[:-1]:
        server.wait_until_described(key)
    assert time.monotonic() - started < 10
    assert server.descriptions(bad) == [None]


def test_two_posts_that_fail_for_ever_do_not_delay_a_new_one(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    for number in range(2):
        bad = server.post(f"Look {number}", files=[picture])["id"]
        server.fail(f"/api/v1/statuses/{bad}", method="PUT", status=500, times=None)
    bot = make_bot()
    bot.clock = FastClock(speed=5.0)
    bot.start()
    wait_for(lambda: len(server.requests(method="PUT")) >= 4)
    wait_for(server.open_streams)
    for _ in range(3):
        posted = time.monotonic()
        status = server.post("New", files=[picture])
        server.wait_until_described(status["id"])
        assert time.monotonic() - posted < 3


def test_while_editing_is_halted_nothing_is_claimed_and_all_is_found(
    server: SandboxServer, make_bot: MakeBot, picture: Path, caplog: pytest.LogCaptureFixture
):
    bot = make_bot(mastodon={"poll_interval_seconds": 15})
    bot.clock = FastClock(speed=1000.0)
    bot.once()
    with opened(bot.config.state.directory, clock=time.time) as store:
        account = Account(bot.config.mastodon, store)
        account.sign_in(account.session(SILENT))
        account.state.halt("post 7 lost its text")
    caplog.clear()
    bot.start()
    wait_for(server.open_streams)
    started = bot.clock.monotonic()
    status = server.post("Look", files=[picture])
    wait_for(lambda: bot.rows() == [("waiting", "", 0)])
    # It goes on looking for more than two hours of its time, and says why at the start and hourly.
    wait_for(lambda: bot.clock.monotonic() - started > 7300, timeout_s=60)

    def told() -> int:
        return sum("post 7 lost its text" in message for message in caplog.messages)

    wait_for(lambda: told() == 3)
    assert bot.clock.monotonic() - started < 4 * 3600
    assert server.requests(path=f"/api/v1/statuses/{status['id']}*") == []
    assert bot.rows() == [("waiting", "", 0)]


def test_an_edit_that_does_harm_ends_the_editing_at_once(
    server: SandboxServer, make_bot: MakeBot, picture: Path, caplog: pytest.LogCaptureFixture
):
    posts = [server.post(f"Look {number}", files=[picture])["id"] for number in range(3)]
    server.fail("/api/v1/statuses/*", method="PUT", damage="lose_text", times=None)
    bot = make_bot().start()
    wait_for(lambda: server.requests(method="PUT"))
    wait_for(lambda: "--resume-editing" in caplog.text)
    server.post("New", files=[picture])
    wait_for(lambda: len(bot.rows()) == 4)
    assert len(server.requests(method="PUT")) == 1
    assert [server.status(key)["content"] != "" for key in posts].count(False) == 1


def test_a_rate_limit_holds_everything_and_costs_no_model_call(
    vision: VisionServer, make_bot: MakeBot, picture: Path
):
    """What can't be edited for an hour is not described over and over meanwhile."""
    settings = Settings(posting_limit=2, posting_window_seconds=3)
    with SandboxServer(settings=settings) as server:
        posts = [server.post(f"Look {number}", files=[picture])["id"] for number in range(6)]
        bot = make_bot(mastodon={"instance_url": server.url})
        bot.clock = SYSTEM_CLOCK
        bot.start()
        for key in posts:
            server.wait_until_described(key, seconds=60)
        # It is described a moment before its answer is written down.
        wait_for(lambda: None not in [edit["answer"] for edit in server.requests(method="PUT")])
        edits = server.requests(method="PUT")
        assert sum(edit["answer"] == 200 for edit in edits) == len(posts)
        # Told beforehand by each answer how many are left, it is hardly ever refused.
        assert sum(edit["answer"] == 429 for edit in edits) <= 2
        assert len(vision.requests()) == len(posts)


def test_many_posts_of_back_fill_stay_within_the_rate_budget(make_bot: MakeBot, picture: Path):
    settings = Settings(
        request_limit=60, request_window_seconds=1, posting_limit=15, posting_window_seconds=2
    )
    with SandboxServer(settings=settings) as server:
        posts = [server.post(f"Look {number}", files=[picture])["id"] for number in range(40)]
        mastodon = {"instance_url": server.url, "backfill_count": 40}
        bot = make_bot(mastodon=mastodon)
        bot.clock = SYSTEM_CLOCK
        bot.start()
        for key in posts:
            server.wait_until_described(key, seconds=120)
        wait_for(lambda: bot.rows() == [("described", "", 1)] * 40)
        wait_for(lambda: None not in [edit["answer"] for edit in server.requests(method="PUT")])
        requests = server.requests()
        refused = [request for request in requests if request["answer"] == 429]
        assert len(refused) <= len(requests) / 50
        assert sum(edit["answer"] == 200 for edit in server.requests(method="PUT")) == 40


def test_older_posts_leave_the_author_a_third_and_new_ones_the_last_few(
    make_bot: MakeBot, picture: Path, caplog: pytest.LogCaptureFixture
):
    # The window must not end in the middle of the test.
    settings = Settings(posting_limit=12, posting_window_seconds=3 * 3600, windows_from=time.time())
    with SandboxServer(settings=settings) as server:
        for number in range(12):
            server.post(f"Old {number}", files=[picture])

        def edits() -> list[int | None]:
            return [edit["answer"] for edit in server.requests(method="PUT")]

        bot = make_bot(mastodon={"instance_url": server.url})
        bot.clock = SYSTEM_CLOCK
        caplog.set_level("INFO", "alternator")
        bot.start()
        wait_for(lambda: "older posts wait for" in caplog.text)
        assert edits() == [200] * 8
        # None of what is old is taken up while a new one is.
        for number in range(3):
            status = server.post(f"New {number}", files=[picture])
            server.wait_until_described(status["id"])
            # It is described a moment before its answer is written down.
            wait_for(lambda: None not in edits())
            assert edits() == [200] * (9 + number)
        # The last one is the author's, and costs no refusal to find out.
        last = server.post("The last", files=[picture])
        wait_for(lambda: len(bot.rows()) == 16)
        bot.end()
        assert edits() == [200] * 11
        assert server.descriptions(last["id"]) == [None]


def test_older_posts_go_on_in_the_next_window(make_bot: MakeBot, picture: Path):
    settings = Settings(posting_limit=6, posting_window_seconds=2)
    with SandboxServer(settings=settings) as server:
        posts = [server.post(f"Old {number}", files=[picture])["id"] for number in range(10)]
        bot = make_bot(mastodon={"instance_url": server.url})
        bot.clock = SYSTEM_CLOCK
        bot.start()
        for key in posts:
            server.wait_until_described(key, seconds=60)
        by_window = Counter(edit["at"] // 2 for edit in server.requests(method="PUT"))
        assert max(by_window.values()) <= 4
        bot.end()


def test_a_clock_that_jumps_holds_nothing_up(
    server: SandboxServer, make_bot: MakeBot, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    bot = make_bot().start()
    wait_for(server.open_streams)
    real = bot.clock.now
    for days in (0, 10, -10, 0):
        monkeypatch.setattr(bot.clock, "now", lambda days=days: real() + days * 86400.0)
        status = server.post(f"After {days} days", files=[picture])
        server.wait_until_described(status["id"])
