"""A cluster in memory, over the store of one SQLite file: for pages and commands of members."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from alternator.store.cluster import (
    OF_ACCOUNT,
    DeadJob,
    Enrolled,
    Erased,
    LimitKind,
    Process,
    QueueFacts,
    Source,
)

Rows = Sequence[Mapping[str, object]]


class MemoryProcesses:
    """``alternator.store.cluster.Processes``."""

    def __init__(self) -> None:
        self.there: dict[str, Process] = {}

    def come(self, process: Process) -> None:
        self.there[process.id] = process

    def beat(self, process_id: str, facts: Mapping[str, object]) -> None:
        self.there[process_id] = replace(self.there[process_id], facts=facts)

    def go(self, process_id: str) -> None:
        self.there.pop(process_id, None)

    def seen(self, *, within: float = 3600.0) -> Sequence[Process]:
        return list(self.there.values())


class MemoryEnrolment:
    """``alternator.store.cluster.Enrolment``, but for leases."""

    def __init__(self) -> None:
        self.entries: dict[str, Enrolled] = {}

    def enrol(self, entry: Enrolled) -> None:
        before = self.entries.get(entry.key)
        if before is not None:
            entry = replace(
                entry, account=before.account, holder=before.holder, created=before.created
            )
        self.entries[entry.key] = entry

    def change(self, key: str, settings: Mapping[str, object]) -> None:
        if key in self.entries:
            self.entries[key] = replace(self.entries[key], settings=dict(settings))

    def bind(self, key: str, account: int, handle: str) -> None:
        self.entries[key] = replace(self.entries[key], account=account, handle=handle)

    def get(self, key: str) -> Enrolled | None:
        return self.entries.get(key)

    def of_account(self, account: int) -> Enrolled | None:
        return next((one for one in self.entries.values() if one.account == account), None)

    def all(self, *, source: Source | None = None) -> Sequence[Enrolled]:
        found = [one for one in self.entries.values() if source in (None, one.source)]
        return sorted(found, key=lambda one: one.key)

    def pause(self, key: str, paused: bool) -> None:
        if key in self.entries:
            self.entries[key] = replace(self.entries[key], paused=paused)

    def withdraw(self, key: str) -> None:
        self.entries.pop(key, None)

    def lease(self, holder: str, *, watchers: int, seconds: float) -> Sequence[Enrolled]:
        raise NotImplementedError

    def release(self, holder: str) -> None:
        raise NotImplementedError


class MemorySignUps:
    """``alternator.store.cluster.SignUps``; ``later`` seconds have passed."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.begun: dict[str, tuple[float, bytes]] = {}
        self.later = 0.0

    def app(self, server: str) -> bytes | None:
        return self.kept.get(server)

    def apps(self) -> Mapping[str, bytes]:
        return dict(self.kept)

    def keep_app(self, server: str, sealed: bytes) -> None:
        self.kept[server] = sealed

    def begin(self, state: str, sealed: bytes, *, seconds: float, most: int) -> bool:
        self.begun = {key: one for key, one in self.begun.items() if one[0] > self.later}
        if len(self.begun) >= most:
            return False
        self.begun[state] = (self.later + seconds, sealed)
        return True

    def take(self, state: str) -> bytes | None:
        until, sealed = self.begun.pop(state, (0.0, b""))
        return sealed if until > self.later else None


class MemoryLimits:
    """``alternator.store.cluster.Limits``."""

    def get(self, account: int) -> Mapping[LimitKind, float]:
        return {}

    def set(self, account: int, kind: LimitKind, seconds: float) -> None:
        raise NotImplementedError


class MemoryJobs:
    """``alternator.store.cluster.Jobs``."""

    def __init__(self) -> None:
        self.died: list[DeadJob] = []
        self.queues: list[QueueFacts] = []

    def facts(self) -> Sequence[QueueFacts]:
        return self.queues

    def dead(self, most: int = 100) -> Sequence[DeadJob]:
        return self.died[:most]

    def retry(self, job_id: int) -> bool:
        before = len(self.died)
        self.died = [job for job in self.died if job.id != job_id]
        return len(self.died) < before

    def mend(self) -> int:
        return 0


class MemoryCluster:
    """``alternator.store.cluster.Cluster``: what an account has in a SQLite file is exported from
    there, and erased there."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.processes = MemoryProcesses()
        self.enrolment = MemoryEnrolment()
        self.sign_ups = MemorySignUps()
        self.limits = MemoryLimits()
        self.jobs = MemoryJobs()

    def export(self, account: int) -> Mapping[str, Rows]:
        with closing(sqlite3.connect(self.file)) as db:
            db.row_factory = sqlite3.Row
            found = {
                table: [
                    dict(row)
                    for row in db.execute(f"SELECT * FROM {table} WHERE account = ?", (account,))
                ]
                for table in self._tables(db)
            }
            rows = db.execute("SELECT * FROM account WHERE id = ?", (account,))
            return found | {"account": [dict(row) for row in rows]}

    def erase(self, account: int) -> Erased:
        with closing(sqlite3.connect(self.file, timeout=20)) as db, db:
            gone = {
                table: db.execute(f"DELETE FROM {table} WHERE account = ?", (account,)).rowcount
                for table in self._tables(db)
            }
            gone["account"] = db.execute("DELETE FROM account WHERE id = ?", (account,)).rowcount
        return Erased(rows=gone)

    def _tables(self, db: sqlite3.Connection) -> list[str]:
        there = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return [name for (name,) in there if name in OF_ACCOUNT]
