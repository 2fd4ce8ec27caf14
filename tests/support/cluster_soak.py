"""A soak (``soak.py``) of a cluster: two bots, three workers and the pages on a PostgreSQL of its
own.

Beside what else goes wrong its processes are killed, ended and stopped one by one, the database is
restarted and crashes, its connections are cut, and posts are locked in it. The pages are looked at
all the while. The waits are shorter (``cluster_pace.py``), since the database's clock can't run
faster.
"""

import signal
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import psycopg
import requests
from cluster import Cluster
from loopback import free_port
from member_site import TOKEN
from postgres import postgres_server
from soak import Plan, Soak

BOTS, WORKERS = 2, 3
NAMES = (
    *(f"bot-{number}" for number in range(1, BOTS + 1)),
    *(f"worker-{number}" for number in range(1, WORKERS + 1)),
)
WEB = "web"
BLOWS = (
    *("killed", "killed", "killed", "ended", "stopped", "stopped"),
    *("streams", "connections", "locked", "database restarted", "database crashed"),
)
CONNECTIONS = "120"  # enough for all, as docs/scaling.md wants it
PAGE_SECONDS = 10.0  # in which the pages are as they were
# A process is stopped for longer than it is believed to live (GONE_SECONDS), or for less.
STOPPED_SECONDS = (0.5, 4.0)


class ClusterSoak(Soak):
    """One run."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        super().__init__(plan, folder)
        self._stack = ExitStack()
        self._stopped: dict[str, float] = {}  # until when

    def said(self) -> str:
        """What was logged, by all."""
        return self.cluster.log()

    def left_behind(self) -> list[str]:
        """What must not be there at the end."""
        return self._left_behind

    def _start(self) -> None:
        self.postgres = self._stack.enter_context(
            postgres_server(free_port(), synchronous_commit="on", max_connections=CONNECTIONS)
        )
        self.postgres.make_template()
        self.cluster = Cluster(
            folder=self.folder,
            zygote=self.zygote,
            database=self.postgres.url(self.postgres.with_tables()),
            server=self.server.url,
            vision=self.vision.base_url,
            tokens={f"a{number}": token for number, token in enumerate(self.tokens)},
            mastodon="backfill_pause = 0\npoll_interval_seconds = 60",
        )
        self.port = free_port()
        self._begin(*NAMES, WEB)

    def _begin(self, *names: str) -> None:
        pages = f'port = {self.port}\ntoken = "{TOKEN}"'
        for name in names:
            where = {"dashboard": pages} if name == WEB else {}
            self.cluster.start(name.partition("-")[0], name, where=where)

    def _visited(self) -> int:
        """The status of a page; 0 where nobody answers."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with suppress(requests.RequestException):
            url = f"http://127.0.0.1:{self.port}/accounts"
            return requests.get(url, headers=headers, timeout=10).status_code
        return 0

    def _strike(self) -> None:
        """Something happens to the cluster as a whole, or to one of its processes."""
        self._go_on()
        blow = self.random.choice(BLOWS if self.plan.ends else BLOWS[6:8])
        name = self.random.choice((*NAMES, WEB))
        self.result.faults[f"cluster: {blow}"] += 1
        match blow:
            case "killed" | "ended":
                self._go_on(name)
                self._ended(name, signal.SIGKILL if blow == "killed" else signal.SIGTERM)
                self._begin(name)
            case "stopped":
                self.cluster.signal(name, signal.SIGSTOP)
                self._stopped[name] = time.monotonic() + self.random.choice(STOPPED_SECONDS)
            case "streams":
                self.server.drop_streams()
            case "connections":
                self._asked(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name LIKE 'alternator%'"
                )
            case "locked":
                self._lock()
            case "database restarted" | "database crashed":
                crash = blow == "database crashed"
                self.postgres.stop(signal.SIGQUIT if crash else signal.SIGINT)
                time.sleep(self.random.uniform(0.0, 2.0))
                self.postgres.start()

    def _go_on(self, *names: str) -> None:
        """Let those go on that were stopped for as long as they were to be, or that are named."""
        now = time.monotonic()
        for name in [n for n, until in self._stopped.items() if until < now or n in names]:
            del self._stopped[name]
            self.cluster.signal(name, signal.SIGCONT)

    def _ended(self, name: str, number: signal.Signals) -> None:
        self.cluster.signal(name, number)
        code = self.cluster.ended(name)
        # One that was started just now may not have taken the signal over yet.
        if code != -number and (number == signal.SIGKILL or code != 0):
            self.result.wrong.append(f"{name} ended with {code} after {number.name}")

    def _lock(self) -> None:
        """Hold what is written for a moment."""
        with suppress(psycopg.Error), psycopg.connect(self.cluster.database) as connection:
            connection.execute("SET lock_timeout = '2 s'")
            connection.execute("LOCK TABLE attachment IN EXCLUSIVE MODE")
            time.sleep(0.5)

    def _asked(self, query: str) -> None:
        with suppress(psycopg.Error):
            self.cluster.ask(query)

    def _until_described(self) -> None:
        self._go_on(*self._stopped)
        super()._until_described()
        until = time.monotonic() + self.plan.patience
        while not self.cluster.idle() and time.monotonic() < until:
            time.sleep(0.3)

    def _finish(self) -> None:
        until = time.monotonic() + PAGE_SECONDS
        while (status := self._visited()) != 200 and time.monotonic() < until:
            time.sleep(0.2)
        if status != 200:
            self.result.wrong.append(f"a page of a cluster that is well: {status}")
        for name in (*NAMES, WEB):
            self._ended(name, signal.SIGTERM)
        self._left_behind = self.cluster.left_behind()
        if self._left_behind:
            print(self.cluster.state())

    def _close(self) -> None:
        self._stack.close()

    def _soon(self, fields: dict[str, Any]) -> dict[str, Any]:
        """A fault that asks to wait asks for less: the cluster's time is the machine's."""
        return fields | {"headers": {"Retry-After": "1"}} if "headers" in fields else fields

    def _look_at_memory(self) -> None:
        # Not while it is stopped: nobody would answer. 503: the database is away.
        if WEB not in self._stopped and (status := self._visited()) not in (0, 200, 503):
            self.result.wrong.append(f"a page: {status}")
        for member in list(self.cluster.members.values()):
            self._process = member.pid
            super()._look_at_memory()


def soak_of(plan: Plan, folder: Path) -> Soak:
    """A soak of the one process, or of a cluster."""
    return ClusterSoak(plan, folder) if plan.cluster else Soak(plan, folder)
