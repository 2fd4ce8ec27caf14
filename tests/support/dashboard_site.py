"""A dashboard of a signed-in account with posts in all states, served on loopback."""

import sqlite3
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import uvicorn
from waiting import wait_for

from alternator.accounts.account import Account
from alternator.accounts.health import ServerReport
from alternator.config.dashboard import DashboardSettings
from alternator.config.settings import Config, StateSettings
from alternator.dashboard.access import Access
from alternator.dashboard.app import create_app
from alternator.dashboard.hardware import Hardware
from alternator.dashboard.server import listening
from alternator.dashboard.site import Site
from alternator.dashboard.watched import Condition, Thumbnails, Watched
from alternator.speech.worker.slot import WorkerReport
from alternator.store.opening import STATE_FILE

TOKEN = "a-token-of-the-dashboard"
# What somebody might have in a file's name or a server's answer.
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'twice'"
TEXT = "A black cat sits on a windowsill and watches the rain.\n\nDescribed by a model."
REASONS = (
    "the vision endpoint gave no answer within 60 s",
    HOSTILE,
    "the picture can't be decoded (it is cut off after 12 of 48 rows)",
)
NOW = datetime(2026, 11, 28, 17, 0, tzinfo=UTC).timestamp()
WELL = Condition(
    trouble="",
    starting=False,
    worker="busy",
    workers=(
        WorkerReport(device="cuda:0", state="busy", pid=7, requests=3, why=""),
        WorkerReport(device="cuda:1", state="ready", pid=8, requests=0, why="batches of 8"),
    ),
    server=ServerReport(state="reachable", since=datetime(2026, 11, 27, 8, 0, tzinfo=UTC)),
    last_success=datetime.fromtimestamp(NOW - 75, UTC),
    described=412,
)


class DashboardSite:
    """The dashboard of an account, until the ``with`` block ends. Its time stands still."""

    def __init__(
        self,
        account: Account,
        directory: Path,
        *,
        token: str | None = None,
        names: tuple[str, ...] = (),
        thumbnails: Thumbnails | None = None,
    ) -> None:
        self.account = account
        self.directory = directory
        self.condition = WELL
        settings = DashboardSettings(token=token, names=names)
        config = Config(
            mastodon=account.settings,
            state=StateSettings(directory=directory),
            dashboard=settings,
        )
        self.watched = Watched(
            config=config,
            account=account,
            condition=lambda: self.condition,
            thumbnails=thumbnails,
        )
        self.site = Site(
            watched=[self.watched],
            access=Access(token=token, names=names),
            hardware=Hardware(directory),
            now=lambda: NOW,
        )
        self.url = ""
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        # Whatever is free.
        sockets = listening(replace(DashboardSettings(), port=0))
        for one in sockets:
            self._ending.callback(one.close)
        self.url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
        config = uvicorn.Config(
            create_app(self.site), log_config=None, access_log=False, lifespan="off", ws="none"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=(sockets,), daemon=True)
        thread.start()

        def end() -> None:
            server.should_exit = True
            thread.join(20)

        self._ending.callback(end)
        wait_for(lambda: server.started, what="the dashboard")
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def fill(self, state: str, number: int, *, apart: float = 300.0, first: int = 0) -> None:
        """Remember so many attachments in a state, the newest a moment ago."""
        rows = []
        for place in range(number):
            at = NOW - 60 - place * apart
            key = str(115_000_000_000_000_000 + first + number - place)
            reason = REASONS[place % len(REASONS)] if state in ("failed", "left") else ""
            took = 4 + place * 7 % 50 + (400 if place % 17 == 0 else 0)
            rows.append((key, f"{key}1", state, at, reason, at - took, at, place % 5))
        with closing(sqlite3.connect(self.directory / STATE_FILE, timeout=20)) as db, db:
            db.executemany(
                "INSERT INTO attachment (account, status_id, attachment_id, state, backfill, "
                "not_before, reason, found, changed, attempts) VALUES "
                "((SELECT MIN(id) FROM account), ?, ?, ?, 0, ?, ?, ?, ?, ?)",
                rows,
            )
