"""Several accounts in one process, against the sandbox."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from fast_clock import FastClock
from waiting import wait_for

from alternator.bot import several
from alternator.bot.run import run
from alternator.bot.several import run_several
from alternator.bot.starting import Wishes, signed_in
from alternator.config.dashboard import DashboardSettings
from alternator.config.models import VisionSettings, WhisperSettings
from alternator.config.settings import (
    Config,
    HealthSettings,
    MastodonSettings,
    StateSettings,
)
from alternator.errors import ServerError, StateError
from alternator.log import LineFormatter
from alternator.stopping import Stop, Stopping
from alternator.store.opening import STATE_FILE
from sandbox.server import SandboxServer
from sandbox.vision.server import VisionServer

WRONG = "a-token-that-is-wrong"


class Bots:
    """``alternator run`` of several accounts, in a thread."""

    def __init__(self, folder: Path, server: SandboxServer, vision: VisionServer) -> None:
        self.folder = folder
        self.server = server
        self.vision = VisionSettings(base_url=vision.base_url, model="pixels")
        self.stop = Stop(FastClock())
        self.error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def config(self, name: str, token: str) -> Config:
        return Config(
            mastodon=MastodonSettings(
                instance_url=self.server.url, access_token=token, backfill_pause=0
            ),
            vision=self.vision,
            whisper=WhisperSettings(enabled=False),
            state=StateSettings(directory=self.folder / "state"),
            health=HealthSettings(port=0),
            dashboard=DashboardSettings(port=0),
            account=name,
        )

    def start(self, *configs: Config) -> None:
        self._thread = threading.Thread(target=self._run, args=(configs,), daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.stop.request()
        if self._thread is not None:
            self._thread.join(20)
            assert not self._thread.is_alive()

    def ended_with(self) -> BaseException | None:
        assert self._thread is not None
        self._thread.join(20)
        assert not self._thread.is_alive()
        return self.error

    def once(self, *configs: Config) -> int:
        return run_several(configs, Stop(FastClock()), Wishes(once=True))

    def accounts(self) -> int:
        """How many are in the memory."""
        with closing(sqlite3.connect(self.folder / "state" / STATE_FILE)) as db:
            (count,) = db.execute("SELECT count(*) FROM account").fetchone()
            return int(count)

    def _run(self, configs: tuple[Config, ...]) -> None:
        try:
            run_several(configs, self.stop, Wishes())
        except Stopping:
            pass
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            self.error = error


@pytest.fixture
def bots(tmp_path: Path, server: SandboxServer, vision: VisionServer) -> Iterator[Bots]:
    bots = Bots(tmp_path, server, vision)
    yield bots
    bots.end()


@pytest.fixture
def lines() -> Iterator[Callable[[], list[str]]]:
    """The log without its times."""
    found: list[str] = []
    formatter = LineFormatter(())

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(formatter.format(record).split(maxsplit=2)[2])

    keeper, log = Keeper(), logging.getLogger("alternator")
    level = log.level
    log.addHandler(keeper)
    log.setLevel(logging.INFO)
    yield lambda: list(found)
    log.removeHandler(keeper)
    log.setLevel(level)


def test_each_account_is_described_and_the_log_tells_them_apart(
    bots: Bots, server: SandboxServer, picture: Path, lines: Callable[[], list[str]]
):
    of_demo = server.post("Mine", files=[picture])
    of_neighbour = server.post("Hers", files=[picture], token="neighbour")
    bots.start(bots.config("demo-account", "sandbox"), bots.config("the-other", "neighbour"))
    for post in (of_demo, of_neighbour):
        server.wait_until_described(post["id"])
    later = server.post("Later", files=[picture], token="neighbour")
    server.wait_until_described(later["id"])
    wait_for(lambda: any(later["id"] in line for line in lines() if "described post" in line))
    bots.end()
    assert bots.accounts() == 2
    described = [line for line in lines() if "described post" in line]
    assert {line.partition(":")[0] for line in described if of_demo["id"] in line} == {
        "demo-account"
    }
    assert {line.partition(":")[0] for line in described if later["id"] in line} == {"the-other"}
    assert any(line.startswith("the-other: account: neighbour@") for line in lines())


def test_a_refused_token_stops_no_other_account(
    bots: Bots, server: SandboxServer, picture: Path, lines: Callable[[], list[str]]
):
    post = server.post("Mine", files=[picture])
    bots.start(bots.config("wrong", WRONG), bots.config("right", "sandbox"))
    server.wait_until_described(post["id"])
    wait_for(lambda: any(line.startswith("wrong: taken up again in 300 s") for line in lines()))
    assert any(line.startswith(f"wrong: {server.url} rejects the access token") for line in lines())
    later = server.post("Later", files=[picture])
    server.wait_until_described(later["id"])


def test_where_every_token_is_refused_somebody_hears_at_once(bots: Bots):
    bots.start(bots.config("one", WRONG), bots.config("two", f"{WRONG}-too"))
    error = bots.ended_with()
    assert isinstance(error, ServerError)
    assert "rejects the access token" in str(error)


def test_a_damaged_memory_ends_all(
    bots: Bots, monkeypatch: pytest.MonkeyPatch, server: SandboxServer
):
    def broken(*arguments: object) -> None:
        raise StateError("the state file is damaged")

    monkeypatch.setattr(several, "signed_in", broken)
    bots.start(bots.config("one", "sandbox"), bots.config("two", "neighbour"))
    assert str(bots.ended_with()) == "the state file is damaged"


def test_a_defect_in_one_account_is_logged_and_tried_again(
    bots: Bots,
    server: SandboxServer,
    picture: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: Callable[[], list[str]],
):
    real, times = signed_in, list[int]()

    def sometimes(account, progress, wishes):
        if account.settings.access_token == "neighbour" and not times:
            times.append(1)
            raise RuntimeError("a defect")
        return real(account, progress, wishes)

    monkeypatch.setattr(several, "signed_in", sometimes)
    bots.start(bots.config("one", "sandbox"), bots.config("two", "neighbour"))
    post = server.post("Hers", files=[picture], token="neighbour")
    server.wait_until_described(post["id"])
    assert any(line.startswith("two: the account's work ended for a defect") for line in lines())


def test_a_single_pass_tries_every_account_and_tells_what_failed(
    bots: Bots, server: SandboxServer, picture: Path
):
    post = server.post("Mine", files=[picture])
    right = bots.config("right", "sandbox")
    assert bots.once(bots.config("wrong", WRONG), right) == 1
    assert server.descriptions(post["id"])[0]
    assert bots.once(right) == 0


def test_an_account_finds_its_memory_again_whether_alone_or_beside_others(
    bots: Bots, server: SandboxServer, picture: Path
):
    server.post("Mine", files=[picture])
    alone = replace(bots.config("", "sandbox"))
    assert run(alone, Stop(FastClock()), Wishes(once=True)) == 0
    server.sandbox.request_log.clear()
    assert bots.once(bots.config("me", "sandbox"), bots.config("her", "neighbour")) == 0
    assert bots.accounts() == 2
    assert server.requests(method="PUT") == []
