"""A cluster for tests: bots and workers as processes of their own, on one PostgreSQL database.

They are the real commands (``zygote.py``), with shorter waits (``cluster_pace.py``), and are
killed, stopped and started by their names. What they leave behind is read from the database.
"""

import os
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from cluster_speech import processes_of
from waiting import wait_for
from zygote import Zygote

from alternator.config.database import DatabaseSettings

PACE = 12.0  # how many times shorter the waits are


@dataclass(kw_only=True)
class Member:
    """A process of the cluster; ``home`` is its own folder, which the next one of its name has."""

    name: str
    role: str
    pid: int
    home: Path


@dataclass(kw_only=True)
class Cluster:
    """What runs, and where. ``tokens`` are the accounts', by their names."""

    folder: Path
    zygote: Zygote
    database: str
    server: str
    vision: str
    tokens: dict[str, str]
    key: str = ""
    pace: float = PACE
    daily_tokens: int = 0
    settings: str = ""  # more of the configuration
    mastodon: str = "backfill_pause = 0\nbackfill_count = 4\npoll_interval_seconds = 60"
    members: dict[str, Member] = field(default_factory=dict)
    killed: set[str] = field(default_factory=set)  # and not started again

    def start(self, role: str, name: str = "", **switches: Any) -> Member:
        """Start a process with this name, by default its role's."""
        name = name or role
        assert name not in self.members, f"{name} runs"
        home = self.folder / name
        home.mkdir(exist_ok=True)
        file = home / "alternator.toml"
        file.write_text(self.configuration(home, **switches.pop("where", {})), "utf-8")
        file.chmod(0o600)
        arguments = ["--config", str(file), *switches.pop("arguments", [])]
        environ = {"HOME": str(home)}
        if "site" in switches:
            environ["PYTHONPATH"] = switches["site"]  # of the processes that it starts
        switches = {"pace": self.pace, "log": "log", **switches}
        pid = self.zygote.start(home, environ, role=role, arguments=arguments, **switches)
        self.killed.discard(name)
        self.members[name] = Member(name=name, role=role, pid=pid, home=home)
        return self.members[name]

    def start_all(self, *names: str) -> None:
        """Start processes whose names begin with their roles: bot-1, worker-2."""
        for name in names:
            self.start(name.partition("-")[0], name)

    def signal(self, name: str, number: int) -> None:
        """Send a process a signal."""
        os.kill(self.members[name].pid, number)

    def kill(self, name: str) -> None:
        """SIGKILL."""
        self.signal(name, signal.SIGKILL)
        assert self.ended(name) == -signal.SIGKILL, self.log(name)

    def ended(self, name: str, seconds: float = 60.0) -> int:
        """Wait for the end of a process; its exit code."""
        code = self.zygote.wait(self.members.pop(name).pid, seconds)
        if code < 0:
            self.killed.add(name)
        return code

    def end_one(self, name: str) -> float:
        """Ask one to end, which it does well; how many seconds that took."""
        pid = self.members[name].pid
        wait_for(lambda: catches(pid, signal.SIGTERM), 20, f"{name} to begin")
        began = time.monotonic()
        self.signal(name, signal.SIGTERM)
        assert self.ended(name) == 0, self.log(name)
        return time.monotonic() - began

    def end(self) -> None:
        """Ask all to end, which they do well."""
        names = list(self.members)
        for name in names:
            self.signal(name, signal.SIGTERM)
        codes = {name: self.ended(name) for name in names}
        wrong = [name for name, code in codes.items() if code]
        assert not wrong, f"{codes}: {self.log(wrong[0])}"

    def log(self, name: str = "") -> str:
        """What a process, or all of them, said."""
        files = sorted(self.folder.glob(f"{name or '*'}/log"))
        return "\n".join(file.read_text("utf-8", "replace") for file in files)

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database says."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), values or None)
            return cursor.fetchall() if cursor.description else []

    def idle(self) -> bool:
        """Whether nothing waits, is claimed, or has a job."""
        ((left, jobs, errands),) = self.ask(
            "SELECT (SELECT count(*) FROM attachment WHERE state IN ('waiting', 'claimed')), "
            "(SELECT count(*) FROM procrastinate_jobs), "
            "(SELECT count(*) FROM errand WHERE ended IS NULL)"
        )
        return not (left or jobs or errands)

    def until_idle(self, seconds: float = 60.0) -> None:
        """Wait until all is done."""
        try:
            wait_for(self.idle, seconds, "nothing to be left to do", every_s=0.05)
        except BaseException:
            print(self.told())
            raise

    def told(self) -> str:
        """What is left, what was said, and where each thread is."""
        for name in self.members:
            self.signal(name, signal.SIGUSR1)
        time.sleep(0.5)
        return f"{self.state()}\n{self.log()[-20_000:]}"

    def state(self) -> str:
        """All that is left, for who looks for a fault."""
        tables = {
            "attachment": "account, status_id, state, reason, attempts, "
            "not_before - alternator_now()",
            "procrastinate_jobs": "id, task_name, lock, status, priority, scheduled_at - now(), "
            "attempts, worker_id, queue_name",
            "procrastinate_workers": "id, now() - last_heartbeat",
            "errand": "number, kind, ended, why, begun",
            "held": "status_id, until - alternator_now()",
            "watched": "key, account, holder, until - alternator_now()",
            "limits": "account, kind, until - alternator_now()",
        }
        return "\n".join(
            f"{table}: {self.ask(f'SELECT {what} FROM {table}')}" for table, what in tables.items()
        )

    def left_behind(self) -> list[str]:
        """What must not be there once all is done and everybody has ended."""
        found = []
        for what, query in LEFT.items():
            rows = self.ask(query)
            found += [f"{what}: {row}" for row in rows]
        # Of one that was killed and never came back, the folder is gone with its container.
        for path in self.folder.glob("*/state/downloads/*"):
            name = path.parents[2].name
            found += [] if name in self.killed else [f"{name} left a download: {path.name}"]
        # The children of one that was killed notice it by themselves.
        until = time.monotonic() + 10
        while any(processes_of(self.folder)) and time.monotonic() < until:
            time.sleep(0.05)
        return found + [f"a process: {command}" for command in processes_of(self.folder)]

    def defects(self, names: Iterable[str] = ()) -> list[str]:
        """What no process may say."""
        said = "\n".join(map(self.log, names)) if names else self.log()
        # A server that "closed the connection unexpectedly" is libpq's word for it.
        said = said.replace("unexpectedly", "")
        words = [word for word in ("Traceback", "unexpected", "defect of ours") if word in said]
        secrets = [one for one in (*self.tokens.values(), self.key) if one and one in said]
        return words + (["a secret"] if secrets else [])

    @property
    def settings_of(self) -> DatabaseSettings:
        """The configuration of who uses the database."""
        return DatabaseSettings(url=self.database, connections=3)

    def configuration(self, home: Path, **where: str) -> str:
        """The configuration of a process, which may see its peers elsewhere (a proxy)."""
        whole = f"""
[mastodon]
{self.mastodon}
[vision]
base_url = "{where.get("vision", self.vision)}"
model = "pixels"
daily_tokens = {self.daily_tokens}
{f'api_key = "{self.key}"' if self.key else ""}
[state]
directory = "{home / "state"}"
[health]
port = 0
[dashboard]
{where.get("dashboard", "port = 0")}
[metrics]
port = 0
[database]
url = "{where.get("database", self.database)}"
{where.get("settings") or self.settings or NO_WHISPER}
"""
        return whole + "".join(
            f'[[accounts]]\nname = "{name}"\ninstance_url = "{where.get("server", self.server)}"\n'
            f'token = "{token}"\n'
            for name, token in self.tokens.items()
        )


def catches(pid: int, number: signal.Signals) -> bool:
    """Whether a process has a handler for a signal: one that was just started has none yet.

    https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
    """
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    masks = [line.split()[1] for line in lines if line.startswith("SigCgt:")]
    return bool(int(masks[0], 16) >> (number - 1) & 1)


NO_WHISPER = "[whisper]\nenabled = false"
LEFT = {
    "claimed or waiting": "SELECT status_id, state FROM attachment "
    "WHERE state IN ('waiting', 'claimed')",
    "a job": "SELECT lock, status, task_name FROM procrastinate_jobs",
    "an errand": "SELECT number, kind FROM errand WHERE ended IS NULL",
    "a post that is held": "SELECT status_id FROM held WHERE until > alternator_now()",
    "a lease": "SELECT key, holder FROM watched WHERE holder IS NOT NULL "
    "AND until > alternator_now()",
}
