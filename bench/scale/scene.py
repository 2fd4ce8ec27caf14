"""What the measurements share: a PostgreSQL server, databases in it, accounts and posts."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from postgres import PostgresServer, postgres_server
from soak import known

from alternator.store.cluster import Enrolled
from alternator.store.outcomes import Found
from alternator.store.postgres.store import PostgresStore

PATIENCE_SECONDS = 300.0
__all__ = ["PostgresServer", "known"]
CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def server() -> Iterator[PostgresServer]:
    """A server as the tests have it: nothing waits for the disk."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with postgres_server(port) as found:
        found.make_template()
        yield found


@contextmanager
def shared_store(postgres: PostgresServer, name: str) -> Iterator[PostgresStore]:
    """A store on one of its databases."""
    settings = postgres.settings(name)
    with closing(PostgresStore(settings, role="bench", shared=True)) as store:
        yield store


def fill(store: PostgresStore, accounts: int, posts: int, first: int = 1) -> None:
    """Enrol accounts, and have so many posts wait, taken in turn from them."""
    cluster = store.cluster
    states = []
    for number in range(accounts):
        state = store.use_account("https://one.example", str(number))
        key = f"config:{number}"
        cluster.enrolment.enrol(Enrolled(key=key, source="config", server="https://one.example"))
        cluster.enrolment.bind(key, state.key, f"{number}@one.example")
        states.append(state)
    for number, state in enumerate(states):
        state.record(
            Found(status_id=str(post), attachment_ids=(f"{post}a",), backfill=False)
            for post in range(first + number, first + posts, accounts)
        )


def wait_for(done: Callable[[], object], what: str) -> None:
    """Until it is so."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} took more than {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.02)


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What a process has used: seconds of a core, and MB (10^6 bytes) that are resident."""

    seconds: float
    memory: float


def usage_of(pid: int) -> Usage:
    """https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html"""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    seconds = (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return Usage(seconds=seconds, memory=int(line.split()[1]) * 1024 / 1e6)
    raise ProcessLookupError(pid)


def connections(postgres: PostgresServer, name: str) -> int:
    """How many connections to a database processes of Alternator have open, but this one."""
    query = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name LIKE 'alternator%' AND application_name NOT LIKE '%bench%'"
    )
    [(found,)] = postgres.execute(query, name)
    assert isinstance(found, int)
    return found


def usage_below(pid: int) -> float:
    """Seconds of a core that a process and what it started have used."""
    total = 0.0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid or int(stat.parent.name) == pid:
            total += (int(fields[11]) + int(fields[12])) / CLOCK_TICKS
    return total


@contextmanager
def process(command: Sequence[str], environ: dict[str, str] | None = None) -> Iterator[int]:
    """A process while the block runs; its id."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("ALTERNATOR_")}
    child = subprocess.Popen(
        [sys.executable, *command], env={**kept, **(environ or {})}, stderr=subprocess.PIPE
    )
    try:
        yield child.pid
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        _, said = child.communicate(timeout=30)
        if child.returncode not in (0, -signal.SIGTERM, -signal.SIGKILL):
            sys.stderr.write(said.decode())
