from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.accounts.account import Account
from alternator.alt_text.writer import AltTextWriter
from alternator.bot.bot import build_writer
from alternator.bot.describe import Describer
from alternator.bot.find_posts import PostFinder
from alternator.config.models import VisionSettings
from alternator.config.settings import Config
from alternator.errors import MediaError
from alternator.mastodon.parse import parse_status
from alternator.progress import SILENT
from sandbox.server import SandboxServer
from sandbox.settings import Settings

MakeBot = Callable[..., Any]


@pytest.fixture
def count(server: SandboxServer) -> Callable[[], int]:
    """How many posts are described."""
    return lambda: sum(all(server.descriptions(s["id"])) for s in server.statuses())


def finder_of(account: Account, **settings: Any) -> PostFinder:
    """A finder of the account's posts, for an operator who has set this."""
    config = Config(
        mastodon=replace(account.settings, **settings),
        vision=VisionSettings(base_url="http://127.0.0.1:9", model="pixels"),
    )
    account.settings = config.mastodon
    session = account.session(SILENT)
    writer: AltTextWriter = build_writer(config, 1500, None, SILENT)
    return PostFinder(account, session, Describer(session, writer, account.instance.dialect))


def claimed(account: Account) -> set[str]:
    """The posts that wait to be described; they don't any more."""
    found = set()
    while (claim := account.state.claim()) is not None:
        found.add(claim.status_id)
    return found


def post_many(server: SandboxServer, picture: Path, number: int) -> list[str]:
    return [server.post(f"Picture {n}", files=[picture])["id"] for n in range(number)]


def test_the_first_look_takes_the_newest_posts(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    ids = post_many(server, picture, 5)
    bot = make_bot(mastodon={"backfill_count": 2})
    bot.once()
    bot.once()
    assert [bool(server.descriptions(key)[0]) for key in ids] == [False] * 3 + [True] * 2


def test_the_first_look_may_take_none_and_later_posts_are_taken(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    ids = post_many(server, picture, 2)
    bot = make_bot(mastodon={"backfill_count": 0})
    bot.once()
    ids += post_many(server, picture, 1)
    bot.once()
    assert [bool(server.descriptions(key)[0]) for key in ids] == [False, False, True]


def test_an_account_without_posts_is_no_error(
    server: SandboxServer, make_bot: MakeBot, picture: Path, count: Callable[[], int]
):
    bot = make_bot()
    bot.once()
    post_many(server, picture, 1)
    bot.once()
    assert count() == 1


def test_more_posts_than_a_page_are_all_found_after_a_pause(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    bot = make_bot()
    bot.once()
    media = post_many(server, picture, 2)
    for number in range(80):
        server.post(f"Words {number}")
    media += post_many(server, picture, 1)
    bot.once()
    assert all(server.descriptions(key)[0] for key in media)
    before = len(server.requests(path="/api/v1/accounts/*/statuses"))
    bot.once()
    # Up to date, one page is enough.
    assert len(server.requests(path="/api/v1/accounts/*/statuses")) - before == 1


def test_a_second_pass_repeats_nothing(
    server: SandboxServer, make_bot: MakeBot, picture: Path, clip: Path
):
    post_many(server, picture, 2)
    server.post("Damaged", files=[clip])
    bot = make_bot()
    bot.transcriber.texts = [MediaError("the file is damaged")]
    bot.once()
    edits = len(server.requests(method="PUT"))
    downloads = len(bot.transcriber.heard)
    assert (edits, downloads) == (2, 1)
    make_bot().once()
    assert len(server.requests(method="PUT")) == edits


def test_a_lost_memory_repeats_nothing_that_is_on_the_server(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    post_many(server, picture, 2)
    bot = make_bot()
    bot.once()
    for path in bot.config.state.directory.glob("state.sqlite3*"):
        path.unlink()
    bot.once()
    assert len(server.requests(method="PUT")) == 2


def test_media_that_an_edit_added_are_found_without_a_stream(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Soon with a picture")
    bot = make_bot()
    bot.once()
    media_id = server.upload(picture)
    server.edit(status["id"], status="Now with a picture", media_ids=[media_id])
    bot.once()
    assert "320 by 200" in str(server.descriptions(status["id"])[0])


def test_a_description_that_the_author_took_away_is_not_forced_on_them(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    status = server.post("Look", files=[picture])
    bot = make_bot()
    bot.once()
    ids = [a["id"] for a in status["media_attachments"]]
    attributes = [{"id": ids[0], "description": ""}]
    server.edit(status["id"], status="Look", media_ids=ids, media_attributes=attributes)
    assert server.descriptions(status["id"]) == [""]
    bot.once()
    assert server.descriptions(status["id"]) == [""]


def test_a_server_without_streams_is_only_looked_through(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    body = {"version": "2.7.2 (compatible; Pixelfed 0.12.4)", "urls": {"streaming_api": None}}
    server.fail("/api/v2/instance", status=200, body=body)
    make_bot(mastodon={"poll_interval_seconds": 1}).start()
    wait_for(lambda: len(server.requests(path="/api/v1/accounts/*/statuses")) > 2)
    assert server.requests(path="/api/v1/streaming*") == []


def described(server: SandboxServer, ids: list[str]) -> list[bool]:
    return [bool(server.descriptions(key)[0]) for key in ids]


STATUSES = "/api/v1/accounts/*/statuses"
HTML = "<!DOCTYPE html><title>Just a moment</title>"


@pytest.mark.parametrize("count", [0, 2])
@pytest.mark.parametrize("first", ["empty", "older", "cut"])
def test_the_limit_holds_whatever_the_first_look_was_answered(
    server: SandboxServer, make_bot: MakeBot, picture: Path, first: str, count: int
):
    ids = post_many(server, picture, 6)
    pages = {
        "empty": [],
        "older": [server.status(key) for key in reversed(ids[:3])],
        "cut": [server.status(ids[-1])],
    }
    server.fail(STATUSES, status=200, body=pages[first])
    bot = make_bot(mastodon={"backfill_count": count})
    for _ in range(3):
        bot.once()
    assert sum(described(server, ids)) == count
    new = post_many(server, picture, 2)
    bot.once()
    assert described(server, new) == [True, True]
    assert sum(described(server, ids)) == count


def test_the_limit_holds_after_the_memory_met_posts_that_are_gone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    ids = post_many(server, picture, 6)
    bot = make_bot(mastodon={"backfill_count": 2})
    bot.once()
    for key in ids[-2:]:
        server.delete(key)
    bot.once()
    assert described(server, ids[:-2]) == [False] * 4


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 200, "body": HTML},
        {"status": 200, "body": {"error": "busy"}},
        {"status": 200, "body": [{"id": "1"}]},
        {"status": 503},
        {"status": 200, "body": []},
    ],
    ids=["html", "error", "foreign", "503", "empty"],
)
def test_a_wrong_page_on_the_way_loses_nothing(
    server: SandboxServer, make_bot: MakeBot, picture: Path, fault
):
    bot = make_bot()
    bot.once()
    new = post_many(server, picture, 1)
    for number in range(90):
        server.post(f"Words {number}")
    new += post_many(server, picture, 1)
    # The second page, as often as one request is tried.
    server.fail(STATUSES, skip=1, times=4, **fault)
    bot.start()
    wait_for(lambda: described(server, new) == [True, True])


def test_posts_of_another_account_are_left_alone(
    server: SandboxServer, make_bot: MakeBot, picture: Path
):
    foreign = server.post("Not mine", files=[picture], token="neighbour")
    own = server.post("Mine", files=[picture])
    bot = make_bot()
    server.fail(STATUSES, status=200, body=[foreign, own], times=4)
    bot.start()
    server.wait_until_described(own["id"])
    assert server.descriptions(foreign["id"]) == [None]
    assert server.requests(path=f"/api/v1/statuses/{foreign['id']}*") == []


def test_a_thousand_posts_of_back_fill_are_all_found(
    server: SandboxServer, account: Account, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    # Each is written to a file with all the others, which takes minutes.
    monkeypatch.setattr(server.sandbox.store, "save", lambda: None)
    first = server.post("The oldest", files=[picture])
    for number in range(1100):
        server.post(f"Words {number}")
    last = server.post("The newest", files=[picture])
    finder = finder_of(account, backfill_count=1102)
    look = finder.look()
    assert look.more
    while look.more:
        look = finder.look()
    assert account.state.cursors().newest == last["id"]
    assert {first["id"], last["id"]} == claimed(account)
    assert finder.look().found == 0


def test_posts_of_other_visibilities_are_not_even_recorded(
    server: SandboxServer, account: Account, picture: Path
):
    posts = {
        name: server.post(name, files=[picture], visibility=name)["id"]
        for name in ("public", "unlisted", "private", "direct")
    }
    finder = finder_of(account)
    finder.look()
    assert claimed(account) == {posts[name] for name in ("public", "unlisted", "private")}
    asked_for = finder_of(account, visibilities=("direct",))
    asked_for.look()
    assert claimed(account) == {posts["direct"]}


def test_an_unknown_visibility_counts_as_direct(
    server: SandboxServer, account: Account, picture: Path
):
    status = server.post("For some", files=[picture])
    body = [status | {"visibility": "mutuals_only"}]
    server.fail(STATUSES, status=200, body=body)
    assert finder_of(account).look().found == 0
    server.fail(STATUSES, status=200, body=body)
    assert finder_of(account, visibilities=("direct",)).look().found == 1


def test_an_event_of_a_direct_post_records_nothing(
    server: SandboxServer, account: Account, picture: Path
):
    status = server.post("For you", files=[picture], visibility="direct")
    assert finder_of(account).notice(parse_status(status)) == 0
    assert finder_of(account, visibilities=("direct",)).notice(parse_status(status)) == 1


def test_a_post_may_have_any_number_of_attachments(account: Account, picture: Path):
    with SandboxServer(settings=Settings(attachment_limit=64)) as server:
        status = server.post("Look", files=[picture] * 40)
        finder = finder_of(account)
        own = status | {"account": {"id": account.id}}
        assert finder.notice(parse_status(own)) == 40
        claim = account.state.claim()
        assert claim is not None and len(claim.attachment_ids) == 40


def test_a_post_that_tells_no_time_is_taken_for_old(
    server: SandboxServer, account: Account, picture: Path
):
    body = [server.post("Look", files=[picture]) | {"created_at": None}]
    for count, found in [(0, 0), (1, 1)]:
        server.fail(STATUSES, status=200, body=body)
        assert finder_of(account, backfill_count=count).look().found == found


def test_posts_that_are_not_understood_are_told_of_once(
    server: SandboxServer, account: Account, picture: Path, caplog: pytest.LogCaptureFixture
):
    ids = post_many(server, picture, 2)
    body: list[Any] = [server.status(ids[1]) | {"content": 5}, server.status(ids[0])]
    server.fail(STATUSES, status=200, body=body, times=2)
    account.state.record((), cursor=ids[0])
    finder = finder_of(account)
    finder.look()
    finder.look()
    assert claimed(account) == {ids[0]}
    told = f"post {ids[1]} is left out: the server's answer is not understood"
    assert caplog.messages.count(told) == 1


def test_a_clock_that_jumps_changes_nothing(
    server: SandboxServer, make_bot: MakeBot, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    """What is old is told by the server's clock."""
    old = post_many(server, picture, 2)
    bot = make_bot(mastodon={"backfill_count": 1})
    real = bot.clock.now
    monkeypatch.setattr(bot.clock, "now", lambda: real() + 10 * 86400)
    bot.once()
    monkeypatch.setattr(bot.clock, "now", lambda: real() - 10 * 86400)
    new = post_many(server, picture, 1)
    bot.once()
    monkeypatch.setattr(bot.clock, "now", real)
    bot.once()
    assert described(server, [*old, *new]) == [False, True, True]
