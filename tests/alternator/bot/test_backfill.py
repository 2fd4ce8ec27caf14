"""A backfill: looked for, recorded, gone on with; alone and beside a running bot."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_for

from alternator.accounts.account import Account
from alternator.bot import backfill_cli
from alternator.bot.backfill import Backfill
from alternator.bot.backfill_cli import Plan, alone, beside, dry_run, moment, place_of
from alternator.bot.wanted import Wanted
from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.settings import Config
from alternator.errors import ConfigError, ServerError
from alternator.progress import SILENT
from alternator.stopping import Stop
from alternator.store.interface import AccountState
from alternator.store.ledger import BackfillPlace
from sandbox.server import SandboxServer

MakeBot = Callable[..., Any]


@pytest.fixture
def posts(server: SandboxServer, picture: Path) -> list[str]:
    """The ids of 45 posts, oldest first: more than a page; each third one has a picture."""
    return [
        server.post(f"Post {n}", files=[picture] if n % 3 == 0 else [])["id"] for n in range(45)
    ]


def backfill(
    account: Account, state: AccountState | None, *, enabled: bool = True, hears: bool = True
) -> Backfill:
    vision = VisionSettings(base_url="http://127.0.0.1:9/v1") if enabled else VisionSettings()
    whisper = WhisperSettings(enabled=hears)
    config = Config(mastodon=account.settings, vision=vision, whisper=whisper)
    session = account.session(SILENT)
    return Backfill(session, account.id, config, state, wanted=Wanted(), told=lambda seen: None)


def test_it_goes_through_all_pages_and_records_what_lacks_a_description(
    account: Account, posts: list[str]
):
    seen = backfill(account, account.state).walk(BackfillPlace())
    assert (seen.posts, seen.attachments, seen.new) == (45, 15, 15)
    place = account.state.ledger.backfill()
    assert place is not None and place.done
    claim = account.state.claim()
    assert claim is not None and claim.backfill
    assert backfill(account, account.state).walk(BackfillPlace()).new == 0


@pytest.mark.parametrize("count", [1, 7, 41])
def test_it_takes_so_many_of_the_newest(account: Account, posts: list[str], count: int):
    seen = backfill(account, account.state).walk(BackfillPlace(left=count))
    pictures = [n for n in range(45 - count, 45) if n % 3 == 0]
    assert (seen.posts, seen.new) == (count, len(pictures))


def test_it_stops_at_a_date(account: Account, server: SandboxServer, picture: Path):
    server.post("Old", files=[picture])
    server.post("New", files=[picture])
    newest = server.statuses()[0]["created_at"]
    since = datetime.fromisoformat(newest).timestamp()
    seen = backfill(account, account.state).walk(BackfillPlace(since=since))
    assert (seen.posts, seen.new) == (1, 1)


def test_broken_off_it_goes_on_where_it_was(
    account: Account, server: SandboxServer, posts: list[str]
):
    path = f"/api/v1/accounts/{account.id}/statuses"
    server.fail(path, status=404, body={"error": "gone"}, skip=1, times=1)
    with pytest.raises(ServerError):
        backfill(account, account.state).walk(BackfillPlace())
    place = account.state.ledger.backfill()
    assert place == BackfillPlace(below=posts[5])
    seen = backfill(account, account.state).walk(place_of(Plan(since=None, count=None), place))
    assert seen.posts == 5


def test_a_dry_run_records_nothing(account: Account, posts: list[str]):
    seen = backfill(account, None).walk(BackfillPlace())
    assert (seen.attachments, seen.new) == (15, 0)
    assert account.state.counts() == {}
    assert account.state.ledger.backfill() is None


def test_what_can_not_be_described_is_passed_over(account: Account, posts: list[str]):
    assert backfill(account, account.state, enabled=False).walk(BackfillPlace()).attachments == 0


@pytest.mark.parametrize(
    ("enabled", "hears", "found"), [(True, False, 1), (False, True, 1), (False, False, 0)]
)
def test_of_a_video_what_is_seen_or_heard_will_do(
    account: Account,
    server: SandboxServer,
    make_media: Callable[..., Path],
    enabled: bool,
    hears: bool,
    found: int,
):
    pictures = ["-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=1"]
    video = make_media("seen.mp4", *pictures, "-f", "lavfi", "-i", "sine=d=1")
    server.post("Watch", files=[video])
    place = BackfillPlace()
    seen = backfill(account, account.state, enabled=enabled, hears=hears).walk(place)
    assert seen.attachments == found


def test_it_must_be_said_which_posts():
    with pytest.raises(ConfigError, match="--since DATE or --count N"):
        place_of(Plan(since=None, count=None), None)
    assert place_of(Plan(since=None, count=3), BackfillPlace(below="9")) == BackfillPlace(left=3)


def test_a_date_is_read():
    assert moment("2025-01-31T12:00:00+00:00") == datetime(2025, 1, 31, 12, tzinfo=UTC).timestamp()
    found = datetime.fromtimestamp(moment("2025-01-31")).astimezone()
    assert (found.day, found.hour) == (31, 0)


def old_posts(server: SandboxServer, picture: Path, number: int) -> list[str]:
    """Posts from before the bot's first start."""
    return [server.post(f"Old {n}", files=[picture])["id"] for n in range(number)]


def test_alone_it_is_the_bot_until_all_is_done(
    server: SandboxServer, make_bot: MakeBot, picture: Path, capsys: pytest.CaptureFixture[str]
):
    posts = old_posts(server, picture, 4)
    config = make_bot(mastodon={"backfill_count": 0}, whisper={"enabled": False}).config
    assert alone(config, Plan(since=None, count=3), Stop()) == 0
    assert [bool(server.descriptions(post)[0]) for post in posts] == [False, True, True, True]
    assert "3 posts looked at: 3 attachments to describe are new" in capsys.readouterr().out


def test_beside_a_running_bot_that_one_does_it(
    server: SandboxServer, make_bot: MakeBot, picture: Path, capsys: pytest.CaptureFixture[str]
):
    posts = old_posts(server, picture, 3)
    bot = make_bot(mastodon={"backfill_count": 0}).start()
    wait_for(server.open_streams)
    new = server.post("New", files=[picture])["id"]
    server.wait_until_described(new)
    assert all(server.descriptions(post) == [None] for post in posts)
    week = timedelta(days=7)
    since = (datetime.now(UTC) - week).timestamp()
    assert beside(bot.config, Plan(since=since, count=None), Stop(bot.clock)) == 0
    assert all(server.descriptions(post)[0] for post in posts)
    assert "3 of 3 attachments are done with" in capsys.readouterr().out
    edits = server.requests(method="PUT", path="/api/v1/statuses/*")
    assert len(edits) == 4


def test_the_command_s_dry_run_says_how_much_there_is(
    server: SandboxServer, make_bot: MakeBot, picture: Path, capsys: pytest.CaptureFixture[str]
):
    old_posts(server, picture, 2)
    bot = make_bot()
    assert dry_run(bot.config, Plan(since=None, count=10), Stop()) == 0
    assert "2 attachments lack a description" in capsys.readouterr().out
    assert not bot.config.state.directory.exists()


def test_the_options_are_checked(capsys: pytest.CaptureFixture[str]):
    for options in (
        ["--since", "soon"],
        ["--count", "0"],
        ["--count", "1", "--since", "2025-01-01"],
    ):
        with pytest.raises(SystemExit):
            backfill_cli.parser_of().parse_args(options)
    assert "is no date like 2025-01-31" in capsys.readouterr().err
