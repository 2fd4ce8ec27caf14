"""Jobs through the queue with an instant describer, by one worker and by four."""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.scale.scene import (
    PostgresServer,
    connections,
    fill,
    process,
    shared_store,
    usage_below,
    usage_of,
    wait_for,
)

ACCOUNTS = 20
POSTS = 1500
WORKERS = (1, 2, 4)


@dataclass(frozen=True, kw_only=True)
class Through:
    """What so many workers got through: posts a second, and cores that they and the database had in
    use meanwhile; ``connections`` to it of each, once they had been busy."""

    workers: int
    posts_a_second: float
    cores: float
    worker_cores: float
    connections: float


def measure(postgres: PostgresServer, times: int) -> list[Through]:
    """Medians of several runs, each with a fresh database."""
    found = []
    for workers in WORKERS:
        runs = [run(postgres, workers) for _ in range(times)]
        found.append(
            Through(
                workers=workers,
                posts_a_second=statistics.median(one.posts_a_second for one in runs),
                cores=statistics.median(one.cores for one in runs),
                worker_cores=statistics.median(one.worker_cores for one in runs),
                connections=max(one.connections for one in runs),
            )
        )
    return found


def run(postgres: PostgresServer, workers: int) -> Through:
    """One run."""
    name = postgres.with_tables()
    with shared_store(postgres, name) as store, ExitStack() as stack:
        fill(store, ACCOUNTS, POSTS)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        go = folder / "go"
        command = ["-m", "bench.scale.instant_worker", postgres.url(name), str(go)]
        pids = [stack.enter_context(process(command)) for _ in range(workers)]
        time.sleep(1.5)  # until all have imported what they need, and are connected
        with counting(postgres, name) as left:
            before = [usage_of(pid).seconds for pid in pids]
            database = usage_below(postgres.pid)
            go.touch()
            wait_for(lambda: left() < POSTS, "the first post")
            began, first = time.monotonic(), left()
            wait_for(lambda: left() == 0, "the last post")
            seconds = time.monotonic() - began
            used = sum(usage_of(pid).seconds for pid in pids) - sum(before)
            cores = (used + usage_below(postgres.pid) - database) / seconds
            connected = connections(postgres, name) / workers
    postgres.drop(name)
    return Through(
        workers=workers,
        posts_a_second=first / seconds,
        cores=cores,
        worker_cores=used / seconds,
        connections=connected,
    )


@contextmanager
def counting(postgres: PostgresServer, name: str) -> Iterator[Callable[[], int]]:
    """What counts the posts that are left, on one connection."""
    with psycopg.connect(postgres.url(name), autocommit=True) as connection:

        def left() -> int:
            row = connection.execute(
                "SELECT count(*) FROM attachment WHERE state IN ('waiting', 'claimed')"
            ).fetchone()
            assert row is not None
            time.sleep(0.05)
            return int(row[0])

        yield left
