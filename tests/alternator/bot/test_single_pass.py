"""``--once`` against the sandbox: what it describes, what it counts, and when it gives up."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fast_clock import FastClock

from alternator.accounts.account import Account
from alternator.alt_text.writer import AltTextWriter
from alternator.bot.bot import build_bot, build_writer
from alternator.bot.describe import Describer
from alternator.bot.health import Health
from alternator.bot.progress import BotProgress
from alternator.bot.single_pass import SinglePass
from alternator.bot.work import Tally
from alternator.config.models import VisionSettings
from alternator.config.settings import Config, MastodonSettings
from alternator.errors import ServerError, TemporaryServerError
from alternator.stopping import Stop
from alternator.store.opening import opened
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

STATUSES = "/api/v1/accounts/*/statuses"


@pytest.fixture
def stop() -> Stop:
    """A time that runs fast, for all parts."""
    return Stop(FastClock(speed=10.0))


@pytest.fixture
def account(server: SandboxServer, stop: Stop, tmp_path: Path) -> Iterator[Account]:
    """The demo account, signed in."""
    settings = MastodonSettings(
        instance_url=server.url, access_token=server.token, backfill_pause=0, backfill_count=1000
    )
    with opened(tmp_path / "state", clock=stop.clock.now) as store:
        account = Account(settings, store, stop.clock)
        account.sign_in(account.session(BotProgress(stop)))
        yield account


@pytest.fixture
def single_pass(account: Account, stop: Stop, vision: VisionServer) -> SinglePass:
    config = Config(
        mastodon=account.settings,
        vision=VisionSettings(base_url=vision.base_url, model="pixels"),
    )
    progress = BotProgress(stop)
    writer: AltTextWriter = build_writer(config, 1500, None, progress)
    describer = Describer(account.session(progress), writer, account.instance.dialect)
    health = Health(server=account.health, queue=account, worker=None)
    return build_bot(account, describer, health, stop, progress).single_pass


def test_it_describes_what_there_is_and_says_how_much(
    server: SandboxServer, single_pass: SinglePass, picture: Path
):
    for number in range(3):
        server.post(f"Look {number}", files=[picture])
    assert single_pass.run() == Tally(described=3)


def test_one_post_that_the_server_fails_for_is_counted_and_holds_up_no_other(
    server: SandboxServer, single_pass: SinglePass, picture: Path
):
    posts = [server.post(f"Look {number}", files=[picture])["id"] for number in range(3)]
    server.fail(f"/api/v1/statuses/{posts[-1]}", method="PUT", status=500, times=None)
    assert single_pass.run() == Tally(described=2, failed=1)
    assert [bool(server.descriptions(key)[0]) for key in posts] == [True, True, False]


def test_a_post_that_the_server_fails_for_once_is_described(
    server: SandboxServer, single_pass: SinglePass, picture: Path
):
    status = server.post("Look", files=[picture])
    server.fail(f"/api/v1/statuses/{status['id']}", method="PUT", status=500)
    assert single_pass.run() == Tally(described=1)


def test_a_server_that_fails_for_all_ends_it(
    server: SandboxServer, single_pass: SinglePass, picture: Path
):
    for number in range(10):
        server.post(f"Look {number}", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", status=500, times=None)
    with pytest.raises(TemporaryServerError):
        single_pass.run()
    # Not tried with all of them.
    assert len({request["path"] for request in server.requests(method="PUT")}) <= 4


def test_a_token_that_may_not_write_ends_it(
    server: SandboxServer, single_pass: SinglePass, picture: Path
):
    server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", status=403, times=None)
    with pytest.raises(ServerError):
        single_pass.run()


def test_pages_that_can_not_all_be_had_are_told_after_the_rest_is_described(
    server: SandboxServer, single_pass: SinglePass, picture: Path
):
    status = server.post("Look", files=[picture])
    server.fail(STATUSES, skip=1, status=503, times=None)
    with pytest.raises(TemporaryServerError):
        single_pass.run()
    assert server.descriptions(status["id"]) != [None]


def test_more_pages_than_one_look_takes_are_all_looked_through(
    server: SandboxServer,
    single_pass: SinglePass,
    account: Account,
    picture: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("alternator.bot.walk.MOST_PAGES", 2)
    account.state.record((), cursor="1")
    first = server.post("The oldest", files=[picture])
    for number in range(130):
        server.post(f"Words {number}")
    assert single_pass.run() == Tally(described=1)
    assert server.descriptions(first["id"]) != [None]


def test_while_editing_is_halted_nothing_is_described_and_all_that_waits_counts_as_failed(
    server: SandboxServer, single_pass: SinglePass, account: Account, picture: Path
):
    for number in range(3):
        server.post(f"Look {number}", files=[picture])
    account.state.halt("post 7 lost its text")
    assert single_pass.run() == Tally(failed=3)
    assert server.requests(method="PUT") == []


def test_what_failed_and_waits_when_editing_is_halted_counts_once(
    server: SandboxServer, single_pass: SinglePass, vision: VisionServer, picture: Path
):
    posts = [server.post(f"Look {number}", files=[picture])["id"] for number in range(3)]
    vision.fail(status=400, times=2)  # both models, for the newest
    server.fail(f"/api/v1/statuses/{posts[1]}", method="PUT", damage="change_text")
    assert single_pass.run() == Tally(left=1, failed=2)


def reset_in(seconds: float) -> dict[str, str]:
    moment = time.gmtime(time.time() + seconds)
    return {"X-RateLimit-Reset": time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)}


def test_a_rate_limit_that_is_over_soon_is_waited_for(
    server: SandboxServer, single_pass: SinglePass, picture: Path
):
    server.post("Look", files=[picture])
    server.fail("/api/v1/statuses/*", method="PUT", status=429, headers=reset_in(10))
    assert single_pass.run() == Tally(described=1)


def test_one_that_lasts_long_is_an_error(
    server: SandboxServer, single_pass: SinglePass, picture: Path
):
    server.post("Look", files=[picture])
    server.fail(
        "/api/v1/statuses/*",
        method="PUT",
        status=429,
        headers=reset_in(3000),
        times=None,
    )
    with pytest.raises(TemporaryServerError, match="asks to wait"):
        single_pass.run()
    assert len(server.requests(method="PUT")) == 1


def test_older_posts_that_the_author_goes_before_are_left_to_a_later_pass(
    server: SandboxServer, single_pass: SinglePass, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alternator.bot.find_posts.is_old", lambda *_: True)
    limits = server.sandbox.limits
    limits.settings = replace(
        limits.settings,
        posting_limit=6,
        posting_window_seconds=3 * 3600,
        windows_from=time.time(),  # the window must not end in the middle of the test
    )
    for number in range(10):
        server.post(f"Look {number}", files=[picture])
    assert single_pass.run() == Tally(described=4, failed=6)
    assert len(server.requests(method="PUT")) == 4


def test_they_are_waited_for_if_it_is_not_long(
    server: SandboxServer, single_pass: SinglePass, picture: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("alternator.bot.find_posts.is_old", lambda *_: True)
    limits = server.sandbox.limits
    limits.settings = replace(limits.settings, posting_limit=6, posting_window_seconds=3)
    for number in range(10):
        server.post(f"Look {number}", files=[picture])
    assert single_pass.run() == Tally(described=10)
